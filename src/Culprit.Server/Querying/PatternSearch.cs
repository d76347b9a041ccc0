using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>Counts log records by pattern, ids that have become one taken together, and finds examples.</summary>
internal sealed class PatternSearch(IRecordStore records, PatternNames names)
{
    private const int EndRecords = 1000;
    private const int Examples = 8;

    /// <param name="filter">Its limit is that of patterns, its times are those of the cursor.</param>
    /// <param name="start">What the page comes after.</param>
    /// <exception cref="TooManyGroupsException">There are too many patterns to count.</exception>
    public async Task<PatternPage> FindAsync(EventFilter filter, PatternCursor start, CancellationToken cancellationToken)
    {
        await names.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var where = Where(filter with { FromNanos = start.FromNanos, ToNanos = start.ToNanos });
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
        var all = groups.Values.ToList();
        var recent = await EndAsync(where, cancellationToken).ConfigureAwait(false);
        var (page, hasMore) = start.NewestFirst
            ? await NewestAsync(all, recent, where, start, filter.Limit, cancellationToken).ConfigureAwait(false)
            : Page(all, start, filter.Limit);
        var oldestFirst = where with { OldestFirst = true };
        var first = await EndAsync(oldestFirst, cancellationToken).ConfigureAwait(false);
        foreach (var pattern in page)
        {
            await FindNewestAsync(pattern, recent, where, cancellationToken).ConfigureAwait(false);
            pattern.Oldest = first.GetValueOrDefault(pattern.Id)
                ?? await ExamplesAsync(pattern, oldestFirst, cancellationToken).ConfigureAwait(false);
        }

        PatternCursor? next = hasMore
            ? start with { FromNanos = where.FromNanos, ToNanos = where.ToNanos, Rank = Rank(page[^1], start), Id = page[^1].Id.Value }
            : null;
        return new PatternPage(where.FromNanos, where.ToNanos, page, [.. all.Except(page)], unassigned ?? new FoundPattern(default), next);
    }

    // The patterns of the newest records come first; the others are looked at only when those do not fill the page.
    private async Task<(List<FoundPattern> Page, bool HasMore)> NewestAsync(
        List<FoundPattern> all, Dictionary<PatternId, List<StoredRecord>> recent, RecordQuery where, PatternCursor start, int limit,
        CancellationToken cancellationToken)
    {
        var known = all.Where(g => recent.ContainsKey(g.Id)).ToList();
        foreach (var pattern in known)
        {
            pattern.Newest = recent[pattern.Id];
        }

        var (page, hasMore) = Page(known, start, limit);
        if (page.Count == limit || known.Count == all.Count)
        {
            return (page, hasMore || known.Count < all.Count);
        }

        foreach (var pattern in all)
        {
            await FindNewestAsync(pattern, recent, where, cancellationToken).ConfigureAwait(false);
        }

        return Page(all, start, limit);
    }

    private static (List<FoundPattern> Page, bool HasMore) Page(List<FoundPattern> patterns, PatternCursor start, int limit)
    {
        var rest = patterns.Where(p => start.IsBefore(Rank(p, start), p.Id.Value))
            .OrderByDescending(p => Rank(p, start)).ThenBy(p => p.Id.Value).ToList();
        return (rest.Take(limit).ToList(), rest.Count > limit);
    }

    private static long Rank(FoundPattern pattern, PatternCursor start) =>
        !start.NewestFirst ? pattern.Count : pattern.Newest is [var newest, ..] ? newest.TimestampNanos : long.MinValue;

    private async Task FindNewestAsync(
        FoundPattern pattern, Dictionary<PatternId, List<StoredRecord>> recent, RecordQuery where, CancellationToken cancellationToken)
    {
        if (pattern.Newest.Count == 0)
        {
            pattern.Newest = recent.GetValueOrDefault(pattern.Id)
                ?? await ExamplesAsync(pattern, where, cancellationToken).ConfigureAwait(false);
        }
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
/// <param name="Others">Patterns that are not on this page.</param>
/// <param name="Unassigned">Records without a pattern: not seen by the engine yet, or passed over by it.</param>
/// <param name="Next">Null on the last page.</param>
internal sealed record PatternPage(
    long FromNanos,
    long ToNanos,
    IReadOnlyList<FoundPattern> Patterns,
    IReadOnlyList<FoundPattern> Others,
    FoundPattern Unassigned,
    PatternCursor? Next);
