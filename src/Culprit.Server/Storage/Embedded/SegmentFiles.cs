namespace Culprit.Server.Storage.Embedded;

/// <summary>Files that one question reads in the same way.</summary>
/// <param name="HaveAllColumns">False when an older version wrote one of them.</param>
/// <param name="Micros">Event times that are read, inclusive, rounded down as in the files; null for all.</param>
internal sealed record SegmentFiles(IReadOnlyList<string> Paths, bool HaveAllColumns, (long Min, long Max)? Micros)
{
    // Each takes its part of a question's plan.
    private const int MaxSpans = 4;

    /// <summary>As few as there can be: files that are read whole together, each of the others with its own spans of time.</summary>
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
                files.AddRange(SpansOf(segment).Select(s => new SegmentFiles([pathOf(segment.Key)], true, s)));
            }
        }

        if (whole.Count > 0)
        {
            files.Add(new SegmentFiles([.. whole.Select(pathOf)], whole.All(s => s.Columns >= SegmentSchema.Count), null));
        }

        return files;
    }

    /// <summary>Spans of time that do not touch, so that no row is read twice; one for all where there would be many.</summary>
    private static List<(long Min, long Max)> SpansOf(IEnumerable<SegmentPart> parts)
    {
        var spans = new List<(long Min, long Max)>();
        foreach (var part in parts.OrderBy(p => p.MinMicros))
        {
            if (spans.Count > 0 && part.MinMicros <= spans[^1].Max)
            {
                spans[^1] = (spans[^1].Min, Math.Max(spans[^1].Max, part.MaxMicros));
            }
            else
            {
                spans.Add((part.MinMicros, part.MaxMicros));
            }
        }

        return spans.Count > MaxSpans ? [(spans[0].Min, spans[^1].Max)] : spans;
    }
}
