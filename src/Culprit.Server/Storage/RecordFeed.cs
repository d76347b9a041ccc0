using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Makes durable records readable, in order: at once, or, with more in the journal than memory may hold, as the engine comes to them.</summary>
/// <remarks>
/// So a start with a backlog of any size takes the same time and memory: what does not fit stays in the journal, new records
/// queue up behind it there, and nothing is refused for it. Normal work resumes when the engine has caught up.
/// </remarks>
/// <param name="isStoreAway">True while the store does not answer: what memory cannot hold then waits in the journal alone.</param>
internal sealed class RecordFeed(IRecordStore records, IngestLimits limits, TimeProvider clock, Func<bool>? isStoreAway = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private long _last;
    private long _added;
    private bool _isBehind;
    private bool _isEngineAlways;

    /// <summary>True while the newest records are in the journal only, because they are too many.</summary>
    public bool IsBehind => Volatile.Read(ref _isBehind) && !Volatile.Read(ref _isEngineAlways);

    /// <summary>True when memory takes no more records for now.</summary>
    public bool IsFull => records.PendingBytes > limits.MaxPendingBytes;

    /// <summary>True when events must be refused: memory is full, and not because of a backlog or a store that is away.</summary>
    public bool IsOverloaded => IsFull && !Volatile.Read(ref _isBehind) && isStoreAway?.Invoke() != true;

    /// <summary>A batch has become durable; a retry's records are in the store already. Called in sequence, on the journal's thread, before any reader sees the batch.</summary>
    public void Commit(RecordBatch batch)
    {
        lock (_lock)
        {
            if (!_isBehind && IsFull && isStoreAway?.Invoke() == true)
            {
                _isBehind = true;
                _added = _last;
            }

            _last = batch.LastSequence;
            if (!_isBehind && !batch.IsRetry)
            {
                records.Add(batch);
            }
        }
    }

    /// <summary>From now on the engine brings the records, up to <paramref name="lastSequence"/> and whatever comes meanwhile.</summary>
    /// <param name="addedSequence">The store has what comes before.</param>
    public void FallBehind(long addedSequence, long lastSequence)
    {
        lock (_lock)
        {
            _isBehind = true;
            _added = addedSequence;
            _last = Math.Max(_last, lastSequence);
        }
    }

    /// <summary>From now on the engine brings all records: the journal is elsewhere, and does not tell when a batch is durable.</summary>
    /// <param name="addedSequence">The store has what comes before.</param>
    public void LeaveToEngine(long addedSequence)
    {
        FallBehind(addedSequence, long.MaxValue);
        Volatile.Write(ref _isEngineAlways, true);
    }

    /// <summary>The engine comes to this entry: afterwards the store has its records. Waits while memory takes no more.</summary>
    public async ValueTask ReachAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        if (!Volatile.Read(ref _isBehind) || entry.LastSequence <= _added)
        {
            return;
        }

        // Everything in memory is annotated by now, and is more than a segment: the store writes it, and the wait ends.
        while (IsFull)
        {
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }

        lock (_lock)
        {
            if (entry.Batch is { IsRetry: false } batch)
            {
                records.Add(batch);
            }

            _added = Math.Max(_added, entry.LastSequence);

            if (entry.LastSequence >= _last)
            {
                _isBehind = false;
            }
        }
    }
}
