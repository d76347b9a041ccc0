using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>Counts log records by pattern, ids that have become one taken together, and finds examples.</summary>
internal sealed class PatternSearch(IRecordStore records, PatternNames names)
{
    private const int EndRecords = 1000;
    private const int Examples = 8;

    /// <param name="filter">Times in order; its limit is that of patterns.</param>
    /// <exception cref="TooManyGroupsException">There are too many patterns to count.</exception>
    public async Task<PatternPage> FindAsync(EventFilter filter, bool newestFirst, CancellationToken cancellationToken)
    {
        await names.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var where = Where(filter);
        var rows = await records.CountAsync(
            new CountQuery(where, 0, CountBy.Service | CountBy.Level | CountBy.Pattern), cancellationToken).ConfigureAwait(false);
        var groups = new Dictionary<PatternId, FoundPattern>();
        foreach (var row in rows)
        {
            var id = names.Resolve(row.Pattern!.Value);
            if (!groups.TryGetValue(id, out var group))
            {
                groups.Add(id, group = new FoundPattern(id));
            }

            group.Add(row);
        }

        groups.Remove(default, out var unassigned);
        var byCount = groups.Values.OrderByDescending(g => g.Count).ThenBy(g => g.Id.Value).ToList();
        var recent = await EndAsync(where, cancellationToken).ConfigureAwait(false);
        List<FoundPattern> page = newestFirst && recent.Keys.Count(groups.ContainsKey) < filter.Limit
            ? byCount
            : [.. (newestFirst ? byCount.Where(g => recent.ContainsKey(g.Id)) : byCount.Take(filter.Limit))];
        foreach (var pattern in page)
        {
            pattern.Newest = recent.GetValueOrDefault(pattern.Id)
                ?? await ExamplesAsync(pattern, where, cancellationToken).ConfigureAwait(false);
        }

        if (newestFirst)
        {
            page = [.. page.OrderByDescending(g => g.Newest is [var newest, ..] ? newest.TimestampNanos : long.MinValue).Take(filter.Limit)];
        }

        var oldestFirst = where with { OldestFirst = true };
        var first = await EndAsync(oldestFirst, cancellationToken).ConfigureAwait(false);
        foreach (var pattern in page)
        {
            pattern.Oldest = first.GetValueOrDefault(pattern.Id)
                ?? await ExamplesAsync(pattern, oldestFirst, cancellationToken).ConfigureAwait(false);
        }

        return new PatternPage(where.FromNanos, where.ToNanos, page, [.. byCount.Except(page)], unassigned ?? new FoundPattern(default));
    }

    private RecordQuery Where(EventFilter filter)
    {
        var where = new RecordQuery
        {
            Types = [EventTypes.Entry],
            Service = filter.Service,
            Environment = filter.Environment,
            Levels = filter.Levels,
            Text = filter.Text,
            Patterns = filter.Pattern is { } pattern ? names.IdsOf(pattern) : null,
        };

        // Whole minutes, so that the answer comes from kept counts.
        return new CountQuery(where, 60 * UnixNanos.PerSecond, CountBy.None).Around(filter.FromNanos, filter.ToNanos).Where;
    }

    /// <summary>Examples of the patterns that the first records in the order asked for have.</summary>
    private async Task<Dictionary<PatternId, List<StoredRecord>>> EndAsync(RecordQuery where, CancellationToken cancellationToken)
    {
        var found = await records.FindAsync(where with { Limit = EndRecords }, cancellationToken).ConfigureAwait(false);
        return found.GroupBy(r => names.Resolve(r.Pattern)).ToDictionary(g => g.Key, g => g.Take(Examples).ToList());
    }

    private async Task<IReadOnlyList<StoredRecord>> ExamplesAsync(FoundPattern pattern, RecordQuery where, CancellationToken cancellationToken) =>
        await records.FindAsync(where with { Patterns = names.IdsOf(pattern.Id), Limit = Examples }, cancellationToken).ConfigureAwait(false);
}

/// <summary>The patterns of an answer, and what is not among them; together they are all log records asked for.</summary>
/// <param name="Others">Patterns beyond the limit.</param>
/// <param name="Unassigned">Records without a pattern: not seen by the engine yet, or passed over by it.</param>
internal sealed record PatternPage(
    long FromNanos, long ToNanos, IReadOnlyList<FoundPattern> Patterns, IReadOnlyList<FoundPattern> Others, FoundPattern Unassigned);
