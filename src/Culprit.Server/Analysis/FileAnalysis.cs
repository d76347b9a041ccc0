using Culprit.Engine;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Server.Analysis;

/// <summary>Reads files side by side, merges their records by time, and plays them through the same engine as the server's.</summary>
/// <remarks>
/// The order of playing depends on times and on the order of the inputs, never on which file was read faster, so any
/// number of threads gives the same result. Memory is bounded by two batches for each file that overlaps the present.
/// </remarks>
internal sealed class FileAnalysis(IReadOnlyList<LogInput> inputs, int threads, string environment, TimeProvider clock) : IDisposable
{
    /// <summary>Up to so many files are kept open from the start; more are opened when their time comes.</summary>
    private const int MaxOpenFromStart = 64;

    private readonly SemaphoreSlim _threads = new(threads);
    private readonly PriorityQueue<FileCursor, (long Key, int Order)> _ready = new();
    private readonly PriorityQueue<int, (long Key, int Order)> _later = new();
    private readonly List<FileCursor> _all = [];
    private long _sequence = 1;
    private long _bytesOfEnded;

    /// <summary>What was read of each file that was opened.</summary>
    public IReadOnlyList<LogFileReader> Readers => [.. _all.OrderBy(c => c.Order).Select(c => c.Reader)];

    /// <summary>Bytes of all files read so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesOfEnded) + SnapshotOfOpen();

    public long RecordsPlayed { get; private set; }

    /// <summary>Time of the last record played; Unix epoch before the first.</summary>
    public DateTimeOffset Newest { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <param name="session">Takes the verdict of each followed session at the end; null when none are followed.</param>
    /// <param name="until">Records after this moment are not played; null plays all.</param>
    public async Task RunAsync(
        Pipeline pipeline,
        Action<IReadOnlyList<DerivedEvent>> publish,
        Action<FlowVerdict>? session,
        DateTimeOffset? until,
        CancellationToken cancellationToken)
    {
        var last = until is { } end ? UnixNanos.From(end) : long.MaxValue;
        var player = new EventTimePlayer(pipeline, publish);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        while (await NextAsync(cancellationToken).ConfigureAwait(false) is { } cursor)
        {
            if (cursor.Key > last)
            {
                break; // The oldest of all that is left.
            }

            var timed = cursor.Current!;
            if (cursor.Position == 0)
            {
                timed.StartAt(_sequence);
                _sequence += timed.Batch.Count;
            }

            var count = RunLength(cursor);
            player.Play(timed.Batch, timed.Keys, cursor.Position, count, timed.Annotations);
            RecordsPlayed += count;
            Newest = UnixNanos.ToTime(timed.Keys[cursor.Position + count - 1]);
            cursor.Position += count;
            if (cursor.Position < timed.Batch.Count || await cursor.AdvanceAsync(cancellationToken).ConfigureAwait(false))
            {
                _ready.Enqueue(cursor, (cursor.Key, cursor.Order));
            }
            else
            {
                End(cursor);
            }
        }

        if (session is not null)
        {
            // Before time passes: the end of a file is no silence of its sessions.
            foreach (var verdict in pipeline.Sessions(isEnd: true))
            {
                session(verdict);
            }
        }

        player.Finish();
    }

    public void Dispose()
    {
        foreach (var cursor in _all)
        {
            cursor.Dispose();
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs.Count <= MaxOpenFromStart)
            {
                await OpenAsync(i, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // Only a look at where the file begins: it is opened again when that time comes.
                using var glance = FileCursor.Open(Reader(i), i, _threads, cancellationToken);
                var key = await glance.AdvanceAsync(cancellationToken).ConfigureAwait(false) ? glance.Key : long.MaxValue;
                _later.Enqueue(i, (key, i));
            }
        }
    }

    private LogFileReader Reader(int input) =>
        LogFileReader.Open(inputs[input], Console.OpenStandardInput(), environment, clock);

    private async Task OpenAsync(int input, CancellationToken cancellationToken)
    {
        var cursor = FileCursor.Open(Reader(input), input, _threads, cancellationToken);
        lock (_all)
        {
            _all.Add(cursor);
        }

        if (await cursor.AdvanceAsync(cancellationToken).ConfigureAwait(false))
        {
            _ready.Enqueue(cursor, (cursor.Key, cursor.Order));
        }
        else
        {
            End(cursor);
        }
    }

    /// <summary>The file whose record is the oldest, after opening those that begin by then.</summary>
    private async ValueTask<FileCursor?> NextAsync(CancellationToken cancellationToken)
    {
        while (_later.TryPeek(out var input, out var begins)
            && (!_ready.TryPeek(out _, out var oldest) || begins.CompareTo(oldest) <= 0))
        {
            _later.Dequeue();
            await OpenAsync(input, cancellationToken).ConfigureAwait(false);
        }

        return _ready.TryDequeue(out var cursor, out _) ? cursor : null;
    }

    /// <summary>How many records can be played before another file's turn comes.</summary>
    private int RunLength(FileCursor cursor)
    {
        var limit = (Key: long.MaxValue, Order: int.MaxValue);
        if (_ready.TryPeek(out _, out var other))
        {
            limit = other;
        }

        if (_later.TryPeek(out _, out var begins) && begins.CompareTo(limit) < 0)
        {
            limit = begins;
        }

        var keys = cursor.Current!.Keys;
        var count = 1;
        while (cursor.Position + count < keys.Length && (keys[cursor.Position + count], cursor.Order).CompareTo(limit) < 0)
        {
            count++;
        }

        return count;
    }

    private void End(FileCursor cursor)
    {
        cursor.Dispose();
        Interlocked.Add(ref _bytesOfEnded, cursor.Reader.BytesRead);
    }

    private long SnapshotOfOpen()
    {
        lock (_all)
        {
            return _all.Where(c => c.Current is not null).Sum(c => c.Reader.BytesRead);
        }
    }
}
