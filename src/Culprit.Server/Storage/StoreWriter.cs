using Culprit.Engine.Storage;
using Culprit.Server.Detection;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Moves annotated records into the store, and lets the journal forget what store and engine no longer need.</summary>
internal sealed partial class StoreWriter(
    IRecordStore records, IJournal journal, IdempotencyArchive keys, EngineProgress progress, TimeProvider clock,
    ILogger<StoreWriter> logger)
    : BackgroundService
{
    /// <summary>The journal is kept this long, so that a restart still knows the ids that must not count twice.</summary>
    internal static readonly TimeSpan IdMemory = TimeSpan.FromMinutes(10);

    /// <summary>Share of the journal's quota that may be spent on that: about 800 MiB, read back in seconds.</summary>
    private const double MaxFillForIds = 0.1;

    private static readonly TimeSpan MarkInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(4);

    /// <summary>Bounds what a start after a kill must search for keys.</summary>
    private static readonly TimeSpan KeyInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Queue<(long At, long Sequence)> _marks = new();
    private long _old;
    private long _keysSavedAt = clock.GetTimestamp();

    /// <remarks>It has time of its own: clients that hang may have used up the host's.</remarks>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(StopPatience, clock);
        await base.StopAsync(patience.Token).ConfigureAwait(false);
        try
        {
            await records.FlushAsync(all: true, patience.Token).ConfigureAwait(false);
            await keys.SaveAsync(always: true, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nothing is lost: the journal still has what could not be written.
            FlushFailed(e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var pause = Pause;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(false);
            try
            {
                await records.FlushAsync(all: false, stoppingToken).ConfigureAwait(false);
                if (clock.GetElapsedTime(_keysSavedAt) >= KeyInterval)
                {
                    await keys.SaveAsync(always: false, stoppingToken).ConfigureAwait(false);
                    _keysSavedAt = clock.GetTimestamp();
                }

                Trim();
                pause = Pause;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                FlushFailed(e);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Forgets what lies before the snapshot, which is only saved when the store has all its records, and is old.</summary>
    private void Trim()
    {
        if (_marks.Count == 0 || clock.GetElapsedTime(_marks.Last().At) >= MarkInterval)
        {
            _marks.Enqueue((clock.GetTimestamp(), journal.LastSequence));
        }

        var old = 0L;
        while (_marks.TryPeek(out var mark) && clock.GetElapsedTime(mark.At) >= IdMemory)
        {
            old = mark.Sequence;
            _marks.Dequeue();
        }

        _old = Math.Max(_old, old);
        var unneeded = Math.Min(progress.SnapshotSequence, keys.SavedSequence);
        journal.Trim(journal.Fill > MaxFillForIds ? unneeded : Math.Min(_old, unneeded));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Records could not be written to the store; the journal keeps them and the next try follows")]
    private partial void FlushFailed(Exception exception);
}
