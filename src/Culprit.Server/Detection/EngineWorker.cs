using System.Data.Common;
using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Export;
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
    AlertPost post,
    AlertSignal alerts,
    TriggerDispatcher triggers,
    ITriggerOutput deadLetters,
    IDeadLetterStore letters,
    EngineProgress progress,
    DetectionMetrics metrics,
    TimeProvider clock,
    ILogger<EngineWorker> logger) : BackgroundService
{
    private static readonly TimeSpan SnapshotInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShowInterval = TimeSpan.FromSeconds(2);

    // A snapshot waits for the store, which holds back up to 64 MiB: together well below the 256 MiB that a replay may take.
    private const long SnapshotBytes = 128L * 1024 * 1024;

    // A large backlog is not caught up with at a stop: the next start goes on from the last snapshot instead.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(4);

    private readonly PoisonRecords _poison = new(letters, journal.Id, clock);
    private readonly Insistence _insistence = new(progress, clock, logger);
    private long _countedBefore;
    private long _shown; // What this process has processed before: going over it again shows and posts nothing.
    private long _snapshotAt;
    private long? _shownAt;
    private long _bytesSinceSnapshot;
    private long _lastRecord;
    private EngineSnapshot? _frozen;
    private long _frozenRecord;
    private long _frozenFiring;
    private long _stopAt = long.MaxValue;
    private Pipeline? _atTick; // Set while the newest entry processed is a tick.

    /// <summary>Processes what is in the journal, freezes, and stops, so that the next start has nothing to replay.</summary>
    /// <remarks>It has time of its own: clients that hang may have used up the host's.</remarks>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(StopPatience, clock);
        if (ExecuteTask is { IsCompleted: false } running)
        {
            try
            {
                // Ingestion has ended. A last tick draws every digest, and only then can the engine be frozen.
                await journal.AppendTickAsync(UnixNanos.From(clock.GetUtcNow()), patience.Token).ConfigureAwait(false);
                await journal.SettleAsync(patience.Token).ConfigureAwait(false);
                Volatile.Write(ref _stopAt, journal.LastSequence);
                if (progress.Sequence < journal.LastSequence)
                {
                    await running.WaitAsync(patience.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                // Too far behind.
            }
        }

        await base.StopAsync(patience.Token).ConfigureAwait(false);
        await FreezeForStopAsync(patience.Token).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The thread of the host's start must not do the replay.
        await Task.Yield();
        _countedBefore = await _insistence.DoAsync(() => state.GetEnginePositionAsync(stoppingToken), stoppingToken).ConfigureAwait(false);
        await _insistence.DoAsync(() => _poison.LoadAsync(stoppingToken), stoppingToken).ConfigureAwait(false);
        while (!await RunAsync(stoppingToken).ConfigureAwait(false))
        {
            // A record failed and may have left half of itself in the engine's state: back to the last one that is whole.
            _countedBefore = Math.Max(_countedBefore, _shown);
        }
    }

    /// <summary>Goes along the journal from the last snapshot; true when it was told to stop, false when it must go back.</summary>
    private async Task<bool> RunAsync(CancellationToken stoppingToken)
    {
        _atTick = null;
        var (pipeline, position) = await RestoreAsync(stoppingToken).ConfigureAwait(false);
        progress.Sequence = Math.Max(progress.Sequence, position);
        progress.SnapshotSequence = position;
        _snapshotAt = clock.GetTimestamp();
        await foreach (var entry in journal.ReadAsync(position, stoppingToken).ConfigureAwait(false))
        {
            await feed.ReachAsync(entry, stoppingToken).ConfigureAwait(false);
            _atTick = null;
            if (!await ProcessAsync(pipeline, entry, stoppingToken).ConfigureAwait(false))
            {
                return false;
            }

            _shown = Math.Max(_shown, entry.LastSequence);
            _atTick = entry.Batch is null ? pipeline : null;
            if (entry.LastSequence >= Volatile.Read(ref _stopAt))
            {
                break;
            }
        }

        return true;
    }

    private async Task<(Pipeline Pipeline, long Position)> RestoreAsync(CancellationToken cancellationToken)
    {
        var options = settings with { DetectorFailed = f => DetectorFailed(f.Detector, f.Environment, f.Exception) };
        if (await _insistence.DoAsync(() => state.LoadSnapshotAsync(cancellationToken), cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            var restored = new Pipeline(options, journal.Id, ranker) { PassedOver = _poison.PassedOver };
            if (restored.TryRestore(snapshot.Version, snapshot.Bytes.Span))
            {
                Restored(snapshot.Sequence, journal.LastSequence - snapshot.Sequence);
                return (restored, snapshot.Sequence);
            }

            SnapshotUnreadable(snapshot.Version, snapshot.Sequence);
        }

        return (new Pipeline(options, journal.Id, ranker) { PassedOver = _poison.PassedOver }, 0);
    }

    /// <summary>False when a record failed: nothing of the entry was kept then.</summary>
    private async Task<bool> ProcessAsync(Pipeline pipeline, JournalEntry entry, CancellationToken cancellationToken)
    {
        using var span = Tracing.StartStep(entry.Batch?.Count);
        var begun = clock.GetUtcNow();
        IReadOnlyList<DerivedEvent> output = [];
        List<OutboxItem> changes = [];
        if (entry.Batch is { } batch)
        {
            var annotations = new BatchAnnotations(batch.Count);
            try
            {
                output = pipeline.Process(batch, annotations);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                await CountFailuresAsync(pipeline, batch, e, cancellationToken).ConfigureAwait(false);
                return false;
            }

            Annotated(batch, annotations, isNew: entry.LastSequence > _shown);
            if (entry.LastSequence > _countedBefore)
            {
                // What the stored position covers is in the outbox already, or was delivered and forgotten.
                changes = ForwardedChange.Of(batch, journal.Id, pipeline.PassedOver, post.ChangeSinks);
            }
        }
        else
        {
            try
            {
                output = pipeline.Tick(entry.TickNanos);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A bug in what time does must not stop what comes after it.
                TickFailed(entry.Sequence, e);
                progress.CountFailure();
            }

            progress.TickNanos = Math.Max(progress.TickNanos, entry.TickNanos);
            ShowIfDue(pipeline);
        }

        if (output.Count > 0 || changes.Count > 0 || entry.Batch is null)
        {
            var made = post.ToOutput(entry.LastSequence, output);
            made = made with { Outbox = [.. changes, .. made.Outbox], Aliases = [.. pipeline.Aliases] };
            FaultPoints.Hit("engine-before-apply");
            var applied = await _insistence.DoAsync(() => state.ApplyAsync(made, cancellationToken), cancellationToken).ConfigureAwait(false);
            FaultPoints.Hit("engine-after-apply");
            if (made.Outbox.Count > 0)
            {
                alerts.Wake();
            }

            post.Stored(applied);
            Tracing.Explained(applied, begun, clock.GetUtcNow());
            metrics.Count(applied);
            foreach (var derived in applied)
            {
                hub.Publish(derived);
            }
        }

        if (output.Count > 0 && entry.LastSequence > _shown)
        {
            await PostAsync(pipeline.Firings, cancellationToken).ConfigureAwait(false);
        }

        // A replay goes over what this position covers again: it was counted before the restart.
        if (entry.LastSequence > _countedBefore)
        {
            metrics.Count(pipeline);
            if (entry.Batch is { } counted)
            {
                metrics.Count(counted, pipeline);
            }
        }

        progress.Sequence = Math.Max(progress.Sequence, entry.LastSequence);
        if (entry.Batch is null)
        {
            await SnapshotIfDueAsync(pipeline, entry.LastSequence, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Hands on what the engine found out about records. Those that are only tried again are in the store already.</summary>
    private void Annotated(RecordBatch batch, BatchAnnotations annotations, bool isNew)
    {
        _bytesSinceSnapshot += batch.Bytes.Length;
        if (batch.IsRetry)
        {
            return;
        }

        records.Annotate(batch.FirstSequence, annotations);
        _lastRecord = batch.LastSequence;
        if (isNew)
        {
            progress.CountRecords(batch.Count);
            if (hub.WantsRecords)
            {
                hub.PublishBatch(batch, annotations);
            }
        }
    }

    /// <summary>Finds the other records of the batch at which the engine fails, and counts the tries.</summary>
    private async Task CountFailuresAsync(Pipeline pipeline, RecordBatch batch, Exception first, CancellationToken cancellationToken)
    {
        var failures = new List<RecordFailure> { new(pipeline.At, first) };
        var next = pipeline.At + 1;
        while (next < batch.Count)
        {
            try
            {
                pipeline.Process(batch, next, batch.Count - next, new BatchAnnotations(batch.Count));
                break;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                failures.Add(new RecordFailure(pipeline.At, e));
                next = pipeline.At + 1;
            }
        }

        RecordFailed(batch.FirstSequence + failures[0].Index, first);
        var given = await _insistence.DoAsync(() => _poison.CountAsync(batch, failures, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        for (var i = 0; i < given; i++)
        {
            progress.CountFailure();
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

    /// <summary>Lets others see services and topology: a copy of a moment now and then.</summary>
    private void ShowIfDue(Pipeline pipeline)
    {
        if (_shownAt is not { } shown || clock.GetElapsedTime(shown) >= ShowInterval)
        {
            _shownAt = clock.GetTimestamp();
            progress.Environments = pipeline.Overview();
        }
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
            _poison.Forget(_frozen.Sequence);
            _frozen = null;
        }
    }

    private async Task FreezeForStopAsync(CancellationToken cancellationToken)
    {
        if (_atTick is not { } pipeline || triggers.Progress is var (posted, settled) && settled < posted)
        {
            return;
        }

        try
        {
            await records.FlushAsync(all: true, cancellationToken).ConfigureAwait(false);
            if (records.AppliedSequence >= _lastRecord)
            {
                var frozen = new EngineSnapshot(Pipeline.SnapshotVersion, progress.Sequence, pipeline.ToSnapshot());
                await state.SaveSnapshotAsync(frozen, cancellationToken).ConfigureAwait(false);
                progress.SnapshotSequence = frozen.Sequence;
            }
        }
        catch (Exception e) when (e is DbException or IOException or OperationCanceledException)
        {
            // Neither a full disk nor too little time must fail the stop: the next start replays more.
            NotFrozen(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The engine could not be frozen at the stop; the next start replays more of the journal")]
    private partial void NotFrozen(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Engine restored at sequence {Sequence}; {Behind} entries to replay")]
    private partial void Restored(long sequence, long behind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Snapshot of version {Version} at sequence {Sequence} cannot be read; replaying the journal from its start")]
    private partial void SnapshotUnreadable(int version, long sequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "The engine failed on record {Sequence}; after three tries it is a dead letter and passed over")]
    private partial void RecordFailed(long sequence, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The engine failed on the tick at sequence {Sequence}")]
    private partial void TickFailed(long sequence, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Detector {Detector} failed in environment {Environment} and is left out until the next start")]
    private partial void DetectorFailed(string detector, string environment, Exception exception);
}
