using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.IntegrationTests.Support;

/// <summary>Records in a list, searched from one end to the other.</summary>
internal sealed class InMemoryRecordStore : IRecordStore
{
    private readonly List<StoredRecord> _records = [];
    private readonly Lock _lock = new();

    /// <summary>When set, every query fails with it.</summary>
    public Exception? Failure { get; set; }

    public long AppliedSequence => 0;

    public long PendingBytes => 0;

    public RecordFlow Flow => default;

    public void Add(RecordBatch batch)
    {
        lock (_lock)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                _records.Add(StoredRecord.Of(batch[i], default, -1));
            }
        }
    }

    public void Annotate(long firstSequence, BatchAnnotations annotations)
    {
        lock (_lock)
        {
            for (var i = 0; i < annotations.Patterns.Length; i++)
            {
                var at = _records.FindIndex(r => r.Sequence == firstSequence + i);
                _records[at] = _records[at] with { Pattern = annotations.Patterns[i], DuplicateOf = annotations.DuplicateOf[i] };
            }
        }
    }

    public Task FlushAsync(bool all, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        lock (_lock)
        {
            var found = Matching(query).Where(r => IsAfter(query, (r.TimestampNanos, r.Sequence)));
            var ordered = query.OldestFirst
                ? found.OrderBy(r => (r.TimestampNanos, r.Sequence))
                : found.OrderByDescending(r => (r.TimestampNanos, r.Sequence));
            return Task.FromResult<IReadOnlyList<StoredRecord>>([.. ordered.Take(query.Limit)]);
        }
    }

    public Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        lock (_lock)
        {
            var groups = new CountGroups(query);
            foreach (var r in Matching(query.Where))
            {
                var group = groups.GroupOf(new RecordSeries(r.Service, r.Environment, r.Severity, r.Kind, r.Type, r.Pattern));
                groups.Add(group, r.TimestampNanos, 1, r.Weight);
            }

            return Task.FromResult(groups.ToRows());
        }
    }

    public Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_records.Find(r => r.Id == id));
        }
    }

    public Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_records.Find(r => r.Sequence == sequence));
        }
    }

    public Task<long> CountAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult((long)_records.Count);
        }
    }

    private IEnumerable<StoredRecord> Matching(RecordQuery query) => _records.Where(r =>
        (query.Types is null || query.Types.Contains(r.Type))
        && (query.Service is null || query.Service == r.Service)
        && (query.Environment is null || query.Environment == r.Environment)
        && (query.Levels is null || query.Levels.Contains(r.Severity))
        && (query.Text is null || r.Body.Contains(query.Text, StringComparison.OrdinalIgnoreCase))
        && (query.TraceId is null || query.TraceId == r.TraceId)
        && (query.CorrelationId is null || query.CorrelationId == r.CorrelationId)
        && query.Patterns?.Contains(r.Pattern) != false
        && (!query.WithoutDuplicates || r.DuplicateOf < 0)
        && r.TimestampNanos >= query.FromNanos && r.TimestampNanos < query.ToNanos);

    private static bool IsAfter(RecordQuery query, (long, long) at) =>
        query.After is not { } after || (query.OldestFirst ? at.CompareTo(after) > 0 : at.CompareTo(after) < 0);
}
