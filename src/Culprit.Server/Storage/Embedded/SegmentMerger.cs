namespace Culprit.Server.Storage.Embedded;

/// <summary>Writes the rows of several segments as one, a few row groups in memory at a time.</summary>
/// <remarks>Not thread-safe: merges come one at a time.</remarks>
internal sealed class SegmentMerger(SegmentScan scan, SegmentWriter writer)
{
    /// <summary>The published file; it counts only once the manifest lists it instead of the others.</summary>
    /// <param name="segments">Of one retention class, in the order of arrival.</param>
    /// <exception cref="UnreadableSegmentException">One of them is damaged; nothing has changed.</exception>
    /// <exception cref="IOException">The disk refused, or rows are missing; nothing has changed.</exception>
    public Segment Merge(IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        var number = Segment.ClassOf(segments[0].Name);
        var (first, last) = (segments.Min(s => s.FirstSequence), segments.Max(s => s.LastSequence));
        var merged = segments[0] with
        {
            Name = Segment.NameOf(first, last, number, 1 + segments.Max(s => Segment.GenerationOf(s.Name))),
            FirstSequence = first,
            LastSequence = last,
            MinNanos = segments.Min(s => s.MinNanos),
            MaxNanos = segments.Max(s => s.MaxNanos),
            Rows = segments.Sum(s => s.Rows),
            RowsWithId = segments.Sum(s => s.RowsWithId),
            ReceivedNanos = segments.Max(s => s.ReceivedNanos),
        };
        return writer.Write(merged, number, scan.Read(segments, number, receivedNanos: 0, cancellationToken));
    }
}
