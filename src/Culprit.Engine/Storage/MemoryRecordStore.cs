using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>A record store for one run: tests, and commands that read files.</summary>
/// <remarks>Nothing is ever removed, so memory grows with what is added. A flush only moves <see cref="AppliedSequence"/>.</remarks>
internal sealed class MemoryRecordStore : IRecordStore
{
    private readonly Lock _gate = new();
    private readonly RecordTail _tail = new(0);
    private long _applied;
    private long _flushedBytes;
    private int _flushed;

    public long AppliedSequence
    {
        get
        {
            lock (_gate)
            {
                return _applied;
            }
        }
    }

    public long PendingBytes
    {
        get
        {
            lock (_gate)
            {
                return _tail.Bytes - _flushedBytes;
            }
        }
    }

    /// <remarks>Memory is the store: nothing waits to be written.</remarks>
    public RecordFlow Flow
    {
        get
        {
            lock (_gate)
            {
                return new RecordFlow(_tail.Flow.Added, _tail.Flow.Added, 0);
            }
        }
    }

    public void Add(RecordBatch batch)
    {
        lock (_gate)
        {
            _tail.Add(batch, addedAt: 0);
        }
    }

    public void Annotate(long firstSequence, BatchAnnotations annotations)
    {
        lock (_gate)
        {
            _tail.Annotate(firstSequence, annotations);
        }
    }

    public Task FlushAsync(bool all, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var annotated = _tail.Annotated;
            for (; _flushed < annotated.Length; _flushed++)
            {
                _applied = annotated[_flushed].Batch.LastSequence;
                _flushedBytes += annotated[_flushed].Bytes;
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredRecord>>(Snapshot().Find(query, cancellationToken));

    public Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(id.Length == 0 ? null : Snapshot().FindById(Encoding.UTF8.GetBytes(id)));

    public Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken) =>
        Task.FromResult(Snapshot().FindBySequence(sequence));

    public Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken)
    {
        var groups = new CountGroups(query);
        Snapshot().AddTo(groups, cancellationToken);
        return Task.FromResult(groups.ToRows());
    }

    public Task<long> CountAsync(CancellationToken cancellationToken) => Task.FromResult(Snapshot().Count);

    private TailSnapshot Snapshot()
    {
        lock (_gate)
        {
            return _tail.Snapshot();
        }
    }
}
