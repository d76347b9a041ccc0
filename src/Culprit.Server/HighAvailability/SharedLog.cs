using System.Data.Common;
using System.Runtime.CompilerServices;
using Culprit.Engine.Records;
using Culprit.Server.Journal;

namespace Culprit.Server.HighAvailability;

/// <summary>The journal of two servers: what is appended is durable in this one's own, and is read from the order that both agreed on.</summary>
/// <remarks>
/// An append is answered by the intake journal on this disk, as fast as without a standby. <see cref="LogShipper"/> copies it into the
/// database, where it gets the sequence under which everything later knows it.
/// </remarks>
/// <param name="maxBytes">What the log may take in the database before nothing more is shipped.</param>
internal sealed partial class SharedLog(
    FileJournal intake, SharedLogTable table, ulong id, long lastSequence, long maxBytes, TimeProvider clock, ILogger<SharedLog> logger) : IJournal
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(20);

    // The shipper and whoever reads may both see it grow.
    private readonly Lock _growing = new();
    private TaskCompletionSource _news = NewBell();
    private long _last = lastSequence;
    private long _shipped;
    private long _trim;
    private long _bytes;

    public ulong Id => id;

    public long LastSequence => Interlocked.Read(ref _last);

    public bool NumbersAtOnce => false;

    public double Fill => Math.Max(intake.Fill, LogFill);

    /// <summary>Share of the room in the database that is in use, as of some seconds ago.</summary>
    public double LogFill => (double)Bytes / maxBytes;

    /// <summary>Bytes of the log in the database, as of some seconds ago.</summary>
    public long Bytes
    {
        get => Interlocked.Read(ref _bytes);
        set => Interlocked.Exchange(ref _bytes, value);
    }

    /// <summary>Up to where entries of the intake journal are in the log.</summary>
    public long ShippedSequence => Interlocked.Read(ref _shipped);

    /// <summary>Rows that lie wholly at or below this sequence of the log may be deleted.</summary>
    public long TrimmableSequence => Interlocked.Read(ref _trim);

    public Task<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken) => intake.AppendAsync(batch, cancellationToken);

    public Task AppendTickAsync(long tickNanos, CancellationToken cancellationToken) => intake.AppendTickAsync(tickNanos, cancellationToken);

    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var last = intake.LastSequence;
        while (ShippedSequence < last)
        {
            await Task.Delay(SettlePause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>While the database does not answer, nothing comes: the order is agreed there.</remarks>
    public async IAsyncEnumerable<JournalEntry> ReadAsync(long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = afterSequence;
        var entries = new List<JournalEntry>();
        while (true)
        {
            foreach (var row in await ReadRowsAsync(after, cancellationToken).ConfigureAwait(false))
            {
                entries.Clear();
                if (!SharedLogFrames.TryRead(row.Frames, row.First, entries))
                {
                    RowUnreadable(row.First, row.Last);
                }

                foreach (var entry in entries.Where(e => e.LastSequence > after))
                {
                    yield return entry;
                }

                after = row.Last;
            }
        }
    }

    public void Trim(long throughSequence) => Interlocked.Exchange(ref _trim, Math.Max(TrimmableSequence, throughSequence));

    /// <summary>Entries up to these sequences are in the log.</summary>
    /// <param name="shipped">Of the intake journal.</param>
    /// <param name="last">Of the log.</param>
    public void Shipped(long shipped, long last)
    {
        Interlocked.Exchange(ref _shipped, Math.Max(ShippedSequence, shipped));
        Grew(last);
    }

    /// <summary>The log has come so far.</summary>
    public void Grew(long last)
    {
        TaskCompletionSource bell;
        lock (_growing)
        {
            if (last <= _last)
            {
                return;
            }

            Interlocked.Exchange(ref _last, last);
            bell = Interlocked.Exchange(ref _news, NewBell());
        }

        bell.SetResult();
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The next rows, as soon as there are any.</summary>
    private async Task<List<SharedLogRow>> ReadRowsAsync(long after, CancellationToken cancellationToken)
    {
        var isFailing = false;
        while (true)
        {
            // Before the question: what comes right after it must not be waited for in vain.
            var news = Volatile.Read(ref _news).Task;
            try
            {
                var rows = await table.ReadAsync(after, 0, cancellationToken).ConfigureAwait(false);
                if (rows.Count > 0)
                {
                    Grew(rows[^1].Last);
                    return rows;
                }

                isFailing = false;
                await Task.WhenAny(news, Task.Delay(Pause, clock, cancellationToken)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (DbException e)
            {
                if (!isFailing)
                {
                    ReadFailed(e.Message);
                }

                isFailing = true;
                await Task.Delay(PauseAfterFailure, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The shared log cannot be read; detection goes on when it can: {Reason}")]
    private partial void ReadFailed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The row of the shared log from sequence {First} to {Last} is not what a server wrote; what cannot be read of it is left out")]
    private partial void RowUnreadable(long first, long last);
}
