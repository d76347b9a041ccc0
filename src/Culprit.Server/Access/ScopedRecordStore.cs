using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Export;

namespace Culprit.Server.Access;

/// <summary>Shows each caller the records of the environments that its key permits: below every query, so that none can forget to.</summary>
/// <remarks>A key with several environments is asked for each of them in turn, and the answers are put together.</remarks>
/// <param name="inner">Ends with this one.</param>
internal sealed class ScopedRecordStore(IRecordStore inner) : IRecordStore, IDisposable
{
    public long AppliedSequence => inner.AppliedSequence;

    public long PendingBytes => inner.PendingBytes;

    public RecordFlow Flow => inner.Flow;

    public void Add(RecordBatch batch) => inner.Add(batch);

    public void Annotate(long firstSequence, BatchAnnotations annotations) => inner.Annotate(firstSequence, annotations);

    public Task FlushAsync(bool all, CancellationToken cancellationToken) => inner.FlushAsync(all, cancellationToken);

    public async Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken)
    {
        using var span = Tracing.StartQuery("records find", query.Limit);
        if (Caller.Environments is not { } environments)
        {
            return await inner.FindAsync(query, cancellationToken).ConfigureAwait(false);
        }

        var found = new List<StoredRecord>();
        foreach (var environment in environments.Where(e => query.Environment is null || query.Environment == e))
        {
            found.AddRange(await inner.FindAsync(query with { Environment = environment }, cancellationToken).ConfigureAwait(false));
        }

        found.Sort(RecordOrder.OfAnswer(query.OldestFirst));
        return found.Count <= query.Limit ? found : found.GetRange(0, query.Limit);
    }

    public async Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        await inner.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } record && Caller.Sees(record.Environment) ? record : null;

    public async Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken) =>
        await inner.FindBySequenceAsync(sequence, cancellationToken).ConfigureAwait(false) is { } record && Caller.Sees(record.Environment) ? record : null;

    public async Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken)
    {
        using var span = Tracing.StartQuery("records count", CountQuery.MaxGroups);
        if (Caller.Environments is not { } environments)
        {
            return await inner.CountAsync(query, cancellationToken).ConfigureAwait(false);
        }

        var sums = new Dictionary<CountRow, (long Records, long Count)>();
        foreach (var environment in environments.Where(e => query.Where.Environment is null || query.Where.Environment == e))
        {
            var one = query with { Where = query.Where with { Environment = environment } };
            foreach (var row in await inner.CountAsync(one, cancellationToken).ConfigureAwait(false))
            {
                var group = row with { Records = 0, Count = 0 };
                var (records, count) = sums.GetValueOrDefault(group);
                sums[group] = (records + row.Records, count + row.Count);
            }
        }

        return [.. sums.Select(s => s.Key with { Records = s.Value.Records, Count = s.Value.Count }).OrderBy(r => r.StartNanos)];
    }

    public void Dispose() => (inner as IDisposable)?.Dispose();

    /// <summary>All there are: the number says nothing of any of them.</summary>
    public Task<long> CountAsync(CancellationToken cancellationToken) => inner.CountAsync(cancellationToken);
}
