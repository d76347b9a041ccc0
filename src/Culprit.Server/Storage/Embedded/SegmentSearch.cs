using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using DuckDB.NET.Data;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Decides which parts of segments a question must read, in which order, and when the answer is complete.</summary>
/// <param name="setAside">Takes a segment that turned out to be unreadable, with the reason, out of later questions.</param>
internal sealed class SegmentSearch(SegmentReader reader, SegmentParts parts, Func<Segment, string, Task> setAside)
{
    // Most questions end in the first part; those that find little read the rest in growing steps.
    private const long FirstRows = 1;
    private const long SecondRows = 32_768;
    private const int RowsGrowth = 8;
    private const long MostRows = 4_194_304;

    private const int SegmentsAtOnce = 32;

    /// <summary>Completes what was found in memory with what the segments hold.</summary>
    /// <param name="found">At most a page, in the order of the answer.</param>
    public async Task<List<StoredRecord>> FindAsync(
        Segment[] segments, List<StoredRecord> found, RecordQuery query, CancellationToken cancellationToken)
    {
        var candidates = InOrder(parts.Find(segments, query, cancellationToken), query);
        var rows = FirstRows;
        for (var next = 0; next < candidates.Count; rows = Math.Clamp(RowsGrowth * rows, SecondRows, MostRows))
        {
            var asked = TakeRows(candidates, next, rows, query.Limit - found.Count).TakeWhile(p => CanAdd(p, found, query)).ToList();
            if (asked.Count == 0)
            {
                break;
            }

            var narrow = Narrow(query, found);
            found.AddRange(await AskAsync(asked, p => reader.FindAsync(p, narrow, cancellationToken), cancellationToken));
            found.Sort(RecordOrder.OfAnswer(query.OldestFirst));
            RemoveRepeated(found);
            found.RemoveRange(Math.Min(query.Limit, found.Count), Math.Max(0, found.Count - query.Limit));
            next += asked.Count;
        }

        return found;
    }

    /// <summary>The newest record with the sender's id, or null.</summary>
    public async Task<StoredRecord?> FindByIdAsync(Segment[] segments, string id, CancellationToken cancellationToken)
    {
        var candidates = segments.Where(s => s.RowsWithId > 0).OrderByDescending(s => s.FirstSequence);
        foreach (var chunk in candidates.Chunk(SegmentsAtOnce))
        {
            var found = await AskAsync([.. parts.FindById(chunk, id)], p => reader.FindByIdAsync(p, id, cancellationToken), cancellationToken);
            if (found.Count > 0)
            {
                return found[0];
            }
        }

        return null;
    }

    public async Task<StoredRecord?> FindBySequenceAsync(
        Segment[] segments, long sequence, CancellationToken cancellationToken)
    {
        var holders = segments.Where(s => s.FirstSequence <= sequence && sequence <= s.LastSequence).Select(SegmentPart.Whole).ToList();
        var found = await AskAsync(holders, p => reader.FindBySequenceAsync(p, sequence, cancellationToken), cancellationToken);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>Adds what the rows of the segments count to.</summary>
    public async Task CountAsync(IEnumerable<Segment> segments, CountGroups groups, CancellationToken cancellationToken)
    {
        var candidates = parts.Find(segments, groups.Query.Where, cancellationToken);
        for (var next = 0; next < candidates.Count;)
        {
            var asked = TakeRows(candidates, next, MostRows).ToList();
            foreach (var row in await AskAsync(asked, p => reader.CountAsync(p, groups.Query, cancellationToken), cancellationToken))
            {
                var series = new RecordSeries(
                    row.Service ?? "", row.Environment ?? "", row.Level ?? default, default, row.Type ?? "", row.Pattern ?? default);
                groups.AddFound(series, row.StartNanos, row.Records, row.Count);
            }

            next += asked.Count;
        }
    }

    /// <summary>Takes those of the segments that cannot be read out of later questions.</summary>
    public async Task<IReadOnlySet<Segment>> SetAsideUnreadableAsync(IEnumerable<Segment> segments, CancellationToken cancellationToken)
    {
        var unreadable = new HashSet<Segment>();
        foreach (var segment in segments)
        {
            if (await reader.ProbeAsync(segment, cancellationToken) is { } fault)
            {
                await setAside(segment, fault);
                unreadable.Add(segment);
            }
        }

        return unreadable;
    }

    /// <summary>At least one part, and not many more rows than asked for, unless counts tell that it takes more to fill the page.</summary>
    private static IEnumerable<SegmentPart> TakeRows(List<SegmentPart> candidates, int next, long rows, int missing = 0)
    {
        var (taken, matches) = (0L, 0.0);
        for (; next < candidates.Count && (taken < rows || (candidates[next].Matches > 0 && matches < missing && taken < MostRows)); next++)
        {
            yield return candidates[next];
            taken += candidates[next].Rows;
            matches += candidates[next].Matches;
        }
    }

    private static List<SegmentPart> InOrder(List<SegmentPart> candidates, RecordQuery query) => query.OldestFirst
        ? [.. candidates.OrderBy(p => p.MinNanos)]
        : [.. candidates.OrderByDescending(p => p.MaxNanos)];

    // Parts may overlap in time, so a full page ends the search only when the next one begins beyond its last record.
    // A tie goes on: the sequence decides.
    private static bool CanAdd(SegmentPart part, List<StoredRecord> found, RecordQuery query) =>
        found.Count < query.Limit
        || (query.OldestFirst
            ? part.MinNanos <= found[^1].TimestampNanos
            : part.MaxNanos >= found[^1].TimestampNanos);

    /// <summary>The same question, without what could not make it into a page that is already full.</summary>
    private static RecordQuery Narrow(RecordQuery query, List<StoredRecord> found)
    {
        if (found.Count < query.Limit)
        {
            return query;
        }

        var worst = found[^1].TimestampNanos;
        return query.OldestFirst
            ? query with { ToNanos = worst < query.ToNanos ? worst + 1 : query.ToNanos }
            : query with { FromNanos = Math.Max(query.FromNanos, worst) };
    }

    // Two parts of a segment may share the time at which one ends and the other begins, and then both bring its records.
    private static void RemoveRepeated(List<StoredRecord> found)
    {
        var kept = 0;
        for (var i = 0; i < found.Count; i++)
        {
            if (i == 0 || found[i].Sequence != found[kept - 1].Sequence)
            {
                found[kept++] = found[i];
            }
        }

        found.RemoveRange(kept, found.Count - kept);
    }

    /// <summary>Asks; when that fails because of unreadable files, sets them aside and asks the others.</summary>
    private async Task<List<T>> AskAsync<T>(
        List<SegmentPart> asked, Func<IReadOnlyList<SegmentPart>, Task<List<T>>> ask, CancellationToken cancellationToken)
    {
        if (asked.Count == 0)
        {
            return [];
        }

        try
        {
            return await ask(asked);
        }
        catch (DuckDBException)
        {
            var unreadable = await SetAsideUnreadableAsync(asked.Select(p => p.Segment).Distinct(), cancellationToken);
            if (unreadable.Count == 0)
            {
                throw;
            }

            return await AskAsync([.. asked.Where(p => !unreadable.Contains(p.Segment))], ask, cancellationToken);
        }
    }
}
