namespace Culprit.Server.Storage.Embedded;

/// <summary>Files that one question reads in the same way.</summary>
/// <param name="HaveAllColumns">False when an older version wrote one of them.</param>
/// <param name="Micros">Event times that are read, inclusive, rounded down as in the files; null for all.</param>
internal sealed record SegmentFiles(IReadOnlyList<string> Paths, bool HaveAllColumns, (long Min, long Max)? Micros)
{
    /// <summary>As few as there can be: files that are read whole together, each of the others with its own span of time.</summary>
    public static IReadOnlyList<SegmentFiles> Of(IEnumerable<SegmentPart> parts, Func<Segment, string> pathOf)
    {
        var files = new List<SegmentFiles>();
        var whole = new List<Segment>();
        foreach (var segment in parts.GroupBy(p => p.Segment))
        {
            if (segment.Any(p => p.IsWhole) || segment.Sum(p => p.Rows) == segment.Key.Rows)
            {
                whole.Add(segment.Key);
            }
            else
            {
                files.Add(new SegmentFiles([pathOf(segment.Key)], true, (segment.Min(p => p.MinMicros), segment.Max(p => p.MaxMicros))));
            }
        }

        if (whole.Count > 0)
        {
            files.Add(new SegmentFiles([.. whole.Select(pathOf)], whole.All(s => s.Columns >= SegmentSchema.Count), null));
        }

        return files;
    }
}
