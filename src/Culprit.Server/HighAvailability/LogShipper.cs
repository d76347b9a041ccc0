using System.Data.Common;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>Copies what this server has acknowledged into the shared log, in order, and learns what the others have.</summary>
/// <remarks>
/// Position and rows are one transaction, so an entry is in the log once, whatever breaks. Ticks count only from the active server. What
/// another server has by now is left out: a client that got no answer here may have sent it there.
/// </remarks>
internal sealed partial class LogShipper(
    FileJournal intake, SharedLog log, LogAppender appender, TickHold hold, TimeProvider clock, ILogger<LogShipper> logger) : BackgroundService
{
    private const long MaxRowBytes = 2 * 1024 * 1024;
    private const double FullLog = 0.95;

    private static readonly TimeSpan BeatInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HoldPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SizeInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    private readonly List<JournalEntry> _chunk = [];
    private long _sizedAt = clock.GetTimestamp();
    private long _oldestNanos;
    private string? _failure;

    /// <summary>Why nothing is shipped just now; null while all is well.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Entries that are on this disk and not in the log.</summary>
    public long Waiting => Math.Max(0, intake.LastSequence - log.ShippedSequence);

    /// <summary>Age of the oldest of them.</summary>
    public TimeSpan Lag => Waiting == 0 || Interlocked.Read(ref _oldestNanos) is not (> 0 and var oldest)
        ? TimeSpan.Zero
        : Max(TimeSpan.Zero, clock.GetUtcNow() - UnixNanos.ToTime(oldest));

    /// <summary>Ships what is left, within a few seconds: what is not shipped now is shipped at the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(StopPatience, clock);
        try
        {
            await log.SettleAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            NotAll(Waiting);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ShipAllAsync(() => pause = ShortestPause, stoppingToken).ConfigureAwait(false);
                return; // The journal was closed.
            }
            catch (StoreFencedException)
            {
                return; // This server ends; the next life ships the rest.
            }
            catch (DbException e)
            {
                if (Failure is null)
                {
                    ShippingFailed(e.Message);
                }

                Volatile.Write(ref _failure, e.Message);
                Interlocked.CompareExchange(ref _oldestNanos, UnixNanos.From(clock.GetUtcNow()), 0);
                hold.Reset();
                await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static long NanosOf(in JournalEntry entry) => entry.Batch?.ReceivedNanos ?? entry.TickNanos;

    private async Task ShipAllAsync(Action succeeded, CancellationToken cancellationToken)
    {
        // Asked anew after every failure: a transaction whose answer was lost may have been committed.
        var position = await appender.OpenAsync(cancellationToken).ConfigureAwait(false);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var entries = intake.ReadAsync(position, ended.Token).GetAsyncEnumerator(ended.Token);
        var next = entries.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                _chunk.Clear();
                for (var bytes = 0L; next.IsCompleted && bytes < MaxRowBytes && log.LogFill < FullLog;)
                {
                    if (!await next.ConfigureAwait(false))
                    {
                        return;
                    }

                    var entry = entries.Current;
                    if (entry.Batch is null && hold.MustWait(clock.GetUtcNow() - UnixNanos.ToTime(entry.TickNanos)))
                    {
                        break;
                    }

                    _chunk.Add(entry);
                    bytes += SharedLogFrames.SizeOf(entry);
                    next = entries.MoveNextAsync().AsTask();
                }

                if (_chunk.Count == 0)
                {
                    await WaitAsync(next, next.IsCompleted ? NanosOf(entries.Current) : 0, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    Interlocked.Exchange(ref _oldestNanos, NanosOf(_chunk[0]));
                    await appender.AppendAsync(_chunk, Lag, cancellationToken).ConfigureAwait(false);
                    intake.Trim(log.ShippedSequence);
                }

                await SizeIfDueAsync(cancellationToken).ConfigureAwait(false);
                Succeeded();
                succeeded();
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for something to ship, or until what is held back may be; says now and then that this server lives.</summary>
    private async Task WaitAsync(Task next, long heldNanos, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _oldestNanos, heldNanos);
        var pause = Task.Delay(heldNanos > 0 ? HoldPause : BeatInterval, clock, cancellationToken);
        if (heldNanos > 0 || await Task.WhenAny(next, pause).ConfigureAwait(false) == pause)
        {
            await pause.ConfigureAwait(false);
            await appender.BeatAsync(Lag, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SizeIfDueAsync(CancellationToken cancellationToken)
    {
        if (clock.GetElapsedTime(_sizedAt) >= SizeInterval)
        {
            _sizedAt = clock.GetTimestamp();
            log.Bytes = await appender.SizeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Succeeded()
    {
        if (Failure is not null)
        {
            ShippingGoesOn(Waiting);
            Volatile.Write(ref _failure, null);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The shared log takes nothing; events are taken into the journal on this disk until it does: {Reason}")]
    private partial void ShippingFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The shared log takes entries again; {Waiting} sequences wait")]
    private partial void ShippingGoesOn(long waiting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Waiting} sequences of the journal are not in the shared log; they are shipped when this server is started again")]
    private partial void NotAll(long waiting);
}
