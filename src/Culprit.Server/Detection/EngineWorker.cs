using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting;
using Culprit.Server.Journal;
using Culprit.Server.Querying;
using Culprit.Server.Rules;
using Culprit.Server.Storage;

namespace Culprit.Server.Detection;

/// <summary>Drives the pipeline along the journal: restores, processes in order, stores what follows, freezes now and then.</summary>
internal sealed partial class EngineWorker(
    IJournal journal,
    IRecordStore records,
    RecordFeed feed,
    IStateStore state,
    EventHub hub,
    PipelineOptions settings,
    RootCauseRanker ranker,
    AlertRouter router,
    AlertSignal alerts,
    TriggerDispatcher triggers,
    ITriggerOutput deadLetters,
    EngineProgress progress,
    DetectionMetrics metrics,
    TimeProvider clock,
    ILogger<EngineWorker> logger) : BackgroundService
{
    private static readonly TimeSpan SnapshotInterval = TimeSpan.FromSeconds(30);

    // A snapshot waits for the store, which holds back up to 64 MiB: together well below the 256 MiB that a replay may take.
    private const long SnapshotBytes = 128L * 1024 * 1024;

    private readonly Insistence _insistence = new(progress, clock, logger);
    private long _countedBefore;
    private long _snapshotAt;
    private long _bytesSinceSnapshot;
    private long _lastRecord;
    private EngineSnapshot? _frozen;
    private long _frozenRecord;
    private long _frozenFiring;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The thread of the host's start must not do the replay.
        await Task.Yield();
        var (pipeline, position) = await RestoreAsync(stoppingToken).ConfigureAwait(false);
        _countedBefore = await state.GetEnginePositionAsync(stoppingToken).ConfigureAwait(false);
        progress.Sequence = position;
        progress.SnapshotSequence = position;
        _snapshotAt = clock.GetTimestamp();
        await foreach (var entry in journal.ReadAsync(position, stoppingToken).ConfigureAwait(false))
        {
            await feed.ReachAsync(entry, stoppingToken).ConfigureAwait(false);
            await ProcessAsync(pipeline, entry, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task<(Pipeline Pipeline, long Position)> RestoreAsync(CancellationToken cancellationToken)
    {
        var options = settings with { DetectorFailed = f => DetectorFailed(f.Detector, f.Environment, f.Exception) };
        if (await state.LoadSnapshotAsync(cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            var restored = new Pipeline(options, journal.Id, ranker);
            if (restored.TryRestore(snapshot.Version, snapshot.Bytes.Span))
            {
                Restored(snapshot.Sequence, journal.LastSequence - snapshot.Sequence);
                return (restored, snapshot.Sequence);
            }

            SnapshotUnreadable(snapshot.Version, snapshot.Sequence);
        }

        return (new Pipeline(options, journal.Id, ranker), 0);
    }

    private async Task ProcessAsync(Pipeline pipeline, JournalEntry entry, CancellationToken cancellationToken)
    {
        IReadOnlyList<DerivedEvent> output = [];
        try
        {
            if (entry.Batch is { } batch)
            {
                var annotations = new BatchAnnotations(batch.Count);
                output = pipeline.Process(batch, annotations);
                records.Annotate(batch.FirstSequence, annotations);
                progress.CountRecords(batch.Count);
                _bytesSinceSnapshot += batch.Bytes.Length;
                _lastRecord = batch.LastSequence;
                if (hub.WantsRecords)
                {
                    hub.PublishBatch(batch, annotations);
                }
            }
            else
            {
                output = pipeline.Tick(entry.TickNanos);
                progress.TickNanos = entry.TickNanos;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A bug must not stop what comes after it: the entry is kept where people see it.
            await SetAsideAsync(entry, e, cancellationToken).ConfigureAwait(false);
        }

        if (output.Count > 0 || entry.Batch is null)
        {
            var made = ToOutput(entry.LastSequence, output);
            FaultPoints.Hit("engine-before-apply");
            var applied = await _insistence.DoAsync(() => state.ApplyAsync(made, cancellationToken), cancellationToken).ConfigureAwait(false);
            FaultPoints.Hit("engine-after-apply");
            if (made.Outbox.Count > 0)
            {
                alerts.Wake();
            }

            metrics.Count(applied);
            foreach (var derived in applied)
            {
                hub.Publish(derived);
            }
        }

        if (output.Count > 0)
        {
            await PostAsync(pipeline.Firings, cancellationToken).ConfigureAwait(false);
        }

        // A replay goes over what this position covers again: it was counted before the restart.
        if (entry.LastSequence > _countedBefore)
        {
            metrics.Count(pipeline);
        }

        progress.Sequence = entry.LastSequence;
        if (entry.Batch is null)
        {
            await SnapshotIfDueAsync(pipeline, entry.LastSequence, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Handlers hear of a firing after its event is stored. What replay makes again is posted again: they may have missed it.</summary>
    private async Task PostAsync(IReadOnlyList<RuleFiring> firings, CancellationToken cancellationToken)
    {
        foreach (var firing in firings)
        {
            if (!triggers.TryPost(firing))
            {
                var work = new TriggerWork(firing, 0);
                await _insistence.DoAsync(
                    () => deadLetters.DeadLetterAsync(work, "too many firings wait for their handlers", cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private EngineOutput ToOutput(long sequence, IReadOnlyList<DerivedEvent> output)
    {
        var outbox = new List<OutboxItem>();
        foreach (var derived in output)
        {
            if (derived.Type.StartsWith("alert.", StringComparison.Ordinal))
            {
                outbox.AddRange(router.Route(derived.Json).Select(sink => new OutboxItem(derived.Id, sink, derived.CorrelationId!, derived.Json, 0)));
            }
        }

        return new EngineOutput(sequence, [.. output], outbox);
    }

    /// <summary>Freezes the pipeline now and then, right after a tick: only then has every digest been drawn.</summary>
    /// <remarks>
    /// A snapshot is kept back until the store has every record in it, and handlers are done with every firing in it. So a
    /// replay, which starts after the snapshot, meets every record that the store still lacks and can tell it what it found
    /// out about them, and makes every firing again that still waits for its handler.
    /// </remarks>
    private async Task SnapshotIfDueAsync(Pipeline pipeline, long sequence, CancellationToken cancellationToken)
    {
        if (_frozen is null)
        {
            if (_bytesSinceSnapshot < SnapshotBytes && clock.GetElapsedTime(_snapshotAt) < SnapshotInterval)
            {
                return;
            }

            _snapshotAt = clock.GetTimestamp();
            _bytesSinceSnapshot = 0;
            _frozen = new EngineSnapshot(Pipeline.SnapshotVersion, sequence, pipeline.ToSnapshot());
            _frozenRecord = _lastRecord;
            _frozenFiring = triggers.Progress.Posted;
        }

        if (records.AppliedSequence >= _frozenRecord && triggers.Progress.Settled >= _frozenFiring)
        {
            FaultPoints.Hit("engine-before-snapshot");
            await _insistence.DoAsync(() => state.SaveSnapshotAsync(_frozen, cancellationToken), cancellationToken).ConfigureAwait(false);
            progress.SnapshotSequence = _frozen.Sequence;
            _frozen = null;
        }
    }

    private async Task SetAsideAsync(JournalEntry entry, Exception exception, CancellationToken cancellationToken)
    {
        EntryFailed(entry.Sequence, entry.LastSequence, exception);
        progress.CountFailure();
        if (entry.Batch is not { } batch)
        {
            return;
        }

        records.Annotate(batch.FirstSequence, new BatchAnnotations(batch.Count));
        var raw = batch.Bytes[..Math.Min(batch.Bytes.Length, 64 * 1024)];
        var letter = new DeadLetter(
            RecordId.Format(journal.Id, entry.Sequence),
            clock.GetUtcNow(),
            $"The engine failed on records {entry.Sequence} to {entry.LastSequence}: {exception.GetType().Name}",
            raw);
        await _insistence.DoAsync(() => state.AddDeadLetterAsync(letter, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Engine restored at sequence {Sequence}; {Behind} entries to replay")]
    private partial void Restored(long sequence, long behind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Snapshot of version {Version} at sequence {Sequence} cannot be read; replaying the journal from its start")]
    private partial void SnapshotUnreadable(int version, long sequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "The engine failed on journal entries {First} to {Last}; they are in the dead letters")]
    private partial void EntryFailed(long first, long last, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Detector {Detector} failed in environment {Environment} and is left out until the next start")]
    private partial void DetectorFailed(string detector, string environment, Exception exception);
}
