using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Answers counts from what segments say about their minutes, without reading a row.</summary>
/// <remarks>
/// The counts of a segment are a part of its file, so they appear with it, go with it, and a record that came late is counted at
/// its own time. They are exact: a question that they cannot answer is left to the rows.
/// </remarks>
internal sealed class SegmentCounts(SegmentIndexes indexes)
{
    private const long Hour = 60 * SegmentIndex.Minute;

    /// <summary>Adds what can be answered from counts.</summary>
    /// <returns>The segments whose rows must be counted instead.</returns>
    public IReadOnlyList<Segment> Add(Segment[] segments, CountGroups groups)
    {
        if (!IsOf(SegmentIndex.Minute, groups.Query))
        {
            return segments;
        }

        var isOfHours = IsOf(Hour, groups.Query);
        var uncounted = new List<Segment>();
        var filter = new RecordFilter(groups.Query.Where);
        foreach (var segment in segments.Where(s => filter.MayMatch(s.MinNanos, s.MaxNanos)))
        {
            var index = indexes.Find(segment);
            var counts = isOfHours || index?.Hours is null ? index?.Hours : indexes.ReadMinutes(segment);
            if (counts is null)
            {
                uncounted.Add(segment);
            }
            else
            {
                Add(index!.Series, counts, isOfHours ? Hour : SegmentIndex.Minute, groups);
            }
        }

        return uncounted;
    }

    /// <summary>Whether whole spans of whole series make up the answer.</summary>
    private static bool IsOf(long span, CountQuery query) =>
        query.IntervalNanos % span == 0
        && (query.Where.FromNanos == long.MinValue || query.Where.FromNanos % span == 0)
        && (query.Where.ToNanos == long.MaxValue || query.Where.ToNanos % span == 0)
        && string.IsNullOrEmpty(query.Where.Text)
        && query.Where is { TraceId: null, CorrelationId: null, WithoutDuplicates: false, After: null };

    private static void Add(IReadOnlyList<RecordSeries> series, IReadOnlyList<SeriesCount> counts, long span, CountGroups groups)
    {
        var where = groups.Query.Where;
        var groupOf = series.Select(groups.GroupOf).ToArray();
        foreach (var count in counts)
        {
            // The first span of all time begins before the earliest time that can be written down.
            var nanos = (long)Int128.Max((Int128)count.Span * span, long.MinValue);
            if (groupOf[count.Series] >= 0 && nanos >= where.FromNanos && (nanos < where.ToNanos || where.ToNanos == long.MaxValue))
            {
                groups.Add(groupOf[count.Series], nanos, count.Records, count.Count);
            }
        }
    }
}
