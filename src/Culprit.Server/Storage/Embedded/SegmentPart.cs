namespace Culprit.Server.Storage.Embedded;

/// <summary>What is read of a segment: one of its row groups, or all of it when it has no index.</summary>
/// <param name="MinMicros">Earliest event time, rounded down as in the file.</param>
/// <param name="MaxMicros">Latest, likewise, inclusive.</param>
/// <param name="Matches">About how many of its rows match, as far as counts tell; 0 when they do not.</param>
internal readonly record struct SegmentPart(
    Segment Segment, bool IsWhole, long Rows, long MinMicros, long MaxMicros, double Matches = 0)
{
    /// <summary>Not later than its earliest record.</summary>
    public long MinNanos => (long)Int128.Max((Int128)MinMicros * 1000, Segment.MinNanos);

    /// <summary>Not earlier than its latest record.</summary>
    public long MaxNanos => (long)Int128.Min(((Int128)MaxMicros * 1000) + 999, Segment.MaxNanos);

    public static SegmentPart Whole(Segment segment) => new(
        segment, true, segment.Rows, SegmentRows.FloorMicros(segment.MinNanos), SegmentRows.FloorMicros(segment.MaxNanos));
}
