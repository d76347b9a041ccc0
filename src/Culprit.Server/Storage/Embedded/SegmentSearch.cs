using Culprit.Engine.Storage;
using DuckDB.NET.Data;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Decides which segments a question must read, in which order, and when the answer is complete.</summary>
/// <param name="setAside">Takes a segment that turned out to be unreadable, with the reason, out of later questions.</param>
internal sealed class SegmentSearch(SegmentReader reader, Func<Segment, string, Task> setAside)
{
    // Most questions end in the first file; those that find little read the rest in growing groups.
    private const int FirstGroup = 1;
    private const int GroupGrowth = 4;
    private const int LargestGroup = 32;

    /// <summary>Completes what was found in memory with what the segments hold.</summary>
    /// <param name="found">At most a page, in the order of the answer.</param>
    public async Task<List<StoredRecord>> FindAsync(
        Segment[] segments, List<StoredRecord> found, RecordQuery query, CancellationToken cancellationToken)
    {
        var candidates = Candidates(segments, query);
        var group = FirstGroup;
        for (var next = 0; next < candidates.Count; group = Math.Min(GroupGrowth * group, LargestGroup))
        {
            var asked = candidates.Skip(next).Take(group).TakeWhile(s => CanAdd(s, found, query)).ToList();
            if (asked.Count == 0)
            {
                break;
            }

            var narrow = Narrow(query, found);
            found.AddRange(await AskAsync(asked, s => reader.FindAsync(s, narrow, cancellationToken), cancellationToken));
            found.Sort(RecordOrder.OfAnswer(query.OldestFirst));
            found.RemoveRange(Math.Min(query.Limit, found.Count), Math.Max(0, found.Count - query.Limit));
            next += asked.Count;
        }

        return found;
    }

    /// <summary>The newest record with the sender's id, or null.</summary>
    public async Task<StoredRecord?> FindByIdAsync(Segment[] segments, string id, CancellationToken cancellationToken)
    {
        var candidates = segments.Where(s => s.RowsWithId > 0).OrderByDescending(s => s.FirstSequence);
        foreach (var group in candidates.Chunk(LargestGroup))
        {
            var found = await AskAsync(group, s => reader.FindByIdAsync(s, id, cancellationToken), cancellationToken);
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
        var holder = segments.Where(s => s.FirstSequence <= sequence && sequence <= s.LastSequence).ToArray();
        var found = await AskAsync(
            holder, s => reader.FindBySequenceAsync(s, sequence, cancellationToken), cancellationToken);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>The segments that may hold a part of the answer, in its order.</summary>
    private static List<Segment> Candidates(Segment[] segments, RecordQuery query)
    {
        var filter = new RecordFilter(query);
        var candidates = segments.Where(s => filter.MayMatch(s.MinNanos, s.MaxNanos));
        return query.OldestFirst
            ? [.. candidates.OrderBy(s => s.MinNanos)]
            : [.. candidates.OrderByDescending(s => s.MaxNanos)];
    }

    // Segments may overlap in time, so a full page ends the search only when the next one begins beyond its last record.
    // A tie goes on: the sequence decides.
    private static bool CanAdd(Segment segment, List<StoredRecord> found, RecordQuery query) =>
        found.Count < query.Limit
        || (query.OldestFirst
            ? segment.MinNanos <= found[^1].TimestampNanos
            : segment.MaxNanos >= found[^1].TimestampNanos);

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

    /// <summary>Asks; when that fails because of unreadable files, sets them aside and asks the others.</summary>
    private async Task<List<StoredRecord>> AskAsync(
        IReadOnlyList<Segment> segments,
        Func<IReadOnlyList<Segment>, Task<List<StoredRecord>>> ask,
        CancellationToken cancellationToken)
    {
        if (segments.Count == 0)
        {
            return [];
        }

        try
        {
            return await ask(segments);
        }
        catch (DuckDBException)
        {
            var readable = new List<Segment>();
            foreach (var segment in segments)
            {
                if (await reader.ProbeAsync(segment, cancellationToken) is { } fault)
                {
                    await setAside(segment, fault);
                }
                else
                {
                    readable.Add(segment);
                }
            }

            if (readable.Count == segments.Count)
            {
                throw;
            }

            return await AskAsync(readable, ask, cancellationToken);
        }
    }
}
