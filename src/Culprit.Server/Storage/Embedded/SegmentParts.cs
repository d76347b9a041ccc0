using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Finds the parts of segments that can hold an answer, from what the manifest and the indexes say.</summary>
internal sealed class SegmentParts(SegmentIndexes indexes)
{
    /// <summary>In no order.</summary>
    public List<SegmentPart> Find(IEnumerable<Segment> segments, RecordQuery query, CancellationToken cancellationToken)
    {
        var filter = new RecordFilter(query);
        var keys = KeysOf(query);
        var parts = new List<SegmentPart>();
        foreach (var segment in segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!filter.MayMatch(segment.MinNanos, segment.MaxNanos))
            {
                continue;
            }

            if (indexes.Find(segment) is not { } index)
            {
                parts.Add(SegmentPart.Whole(segment));
            }
            else if (index.Series.Any(s => s.Matches(query)))
            {
                var share = keys.Count == 0 && string.IsNullOrEmpty(query.Text) ? ShareOf(index, query) : 0;
                parts.AddRange(indexes.Narrow(segment, GroupsIn(segment, index, filter), keys, query.Text)
                    .Select(g => PartOf(segment, g) with { Matches = share * g.Rows }));
            }
        }

        return parts;
    }

    /// <summary>The segments that may hold a record with a sender's id.</summary>
    public IEnumerable<SegmentPart> FindById(IEnumerable<Segment> segments, string id)
    {
        ulong[] keys = [KeyFilter.HashOf(SegmentSchema.Id, Encoding.UTF8.GetBytes(id))];
        return segments.SelectMany(s => indexes.Find(s) is { } index
            ? indexes.Narrow(s, index.Groups, keys, null).Select(g => PartOf(s, g))
            : [SegmentPart.Whole(s)]);
    }

    private static List<SegmentGroup> GroupsIn(Segment segment, SegmentIndex index, RecordFilter filter) =>
        [.. index.Groups.Where(g => PartOf(segment, g) is var part && filter.MayMatch(part.MinNanos, part.MaxNanos))];

    /// <summary>Share of the rows that match what counts know about.</summary>
    private static double ShareOf(SegmentIndex index, RecordQuery query)
    {
        var (matching, all) = (0L, 0L);
        var matches = index.Series.Select(s => s.Matches(query)).ToArray();
        foreach (var count in index.Hours ?? [])
        {
            matching += matches[count.Series] ? count.Records : 0;
            all += count.Records;
        }

        return all == 0 ? 0 : (double)matching / all;
    }

    private static SegmentPart PartOf(Segment segment, SegmentGroup group) =>
        new(segment, false, group.Rows, group.MinMicros, group.MaxMicros);

    private static List<ulong> KeysOf(RecordQuery query)
    {
        var keys = new List<ulong>();
        foreach (var (column, key) in new[] { (SegmentSchema.TraceId, query.TraceId), (SegmentSchema.CorrelationId, query.CorrelationId) })
        {
            if (key is not null)
            {
                keys.Add(KeyFilter.HashOf(column, Encoding.UTF8.GetBytes(key)));
            }
        }

        return keys;
    }
}
