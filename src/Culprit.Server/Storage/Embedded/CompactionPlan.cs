using Culprit.Engine.Records;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Chooses the small segments that are to become one.</summary>
/// <remarks>
/// They are neighbours of one retention class. A segment is dropped when its newest record is too old, so only segments that came in
/// within the same day (a shorter time where little is kept) are merged: no record is kept longer than that beyond its time.
/// Each merge makes a record's segment at least four times as large, unless its day is over, so a record is rewritten a few times at most.
/// </remarks>
internal static class CompactionPlan
{
    private const int FewestAtOnce = 8;
    private const int MostAtOnce = 64;
    private const int Growth = 4;

    // What has this part of the most records or bytes is left alone.
    private const int FullPart = 3;

    private const int WindowsPerKeep = 32;
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);

    // Records that wait in memory when a window ends still belong to it.
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);

    /// <summary>Segments to merge now, in their order; none when there is nothing to do.</summary>
    /// <param name="keepOf">How long a retention class is kept.</param>
    public static IReadOnlyList<Segment> Next(
        IEnumerable<Segment> segments, EmbeddedStoreOptions options, Func<string, TimeSpan> keepOf, DateTimeOffset now)
    {
        foreach (var group in segments.GroupBy(s => s.RetentionClass))
        {
            var window = UnixNanos.From(Min(keepOf(group.Key) / WindowsPerKeep, LongestWindow));
            foreach (var run in RunsOf(group.OrderBy(s => s.FirstSequence), options, window))
            {
                var isOver = (Int128)((run[0].ReceivedNanos / window) + 1) * window + UnixNanos.From(Late) < UnixNanos.From(now);
                for (var start = 0; start < run.Count - 1; start++)
                {
                    var chosen = Take(run, start, options);
                    if (!isOver)
                    {
                        LeaveLarge(chosen);
                    }

                    if (chosen.Count > 1)
                    {
                        return chosen;
                    }
                }
            }
        }

        return [];
    }

    /// <summary>Small neighbours that came in within the same window.</summary>
    private static List<List<Segment>> RunsOf(IEnumerable<Segment> ordered, EmbeddedStoreOptions options, long window)
    {
        var runs = new List<List<Segment>>();
        var last = long.MinValue;
        foreach (var segment in ordered)
        {
            if (segment.Rows >= options.MaxMergedRows / FullPart || segment.Bytes >= options.MaxMergedBytes / FullPart)
            {
                last = long.MinValue;
                continue;
            }

            if (segment.ReceivedNanos / window != last)
            {
                runs.Add([]);
                last = segment.ReceivedNanos / window;
            }

            runs[^1].Add(segment);
        }

        return runs;
    }

    private static List<Segment> Take(List<Segment> run, int start, EmbeddedStoreOptions options)
    {
        var chosen = new List<Segment>();
        var (rows, bytes) = (0L, 0L);
        foreach (var segment in run.Skip(start).Take(MostAtOnce))
        {
            rows += segment.Rows;
            bytes += segment.Bytes;
            if (rows > options.MaxMergedRows || bytes > options.MaxMergedBytes)
            {
                break;
            }

            chosen.Add(segment);
        }

        return chosen;
    }

    /// <summary>Takes away from the end until the rest are enough and of a kind; all when they never are.</summary>
    private static void LeaveLarge(List<Segment> chosen)
    {
        while (chosen.Count > 0 && (chosen.Count < FewestAtOnce || chosen.Sum(s => s.Rows) < Growth * chosen.Max(s => s.Rows)))
        {
            chosen.RemoveAt(chosen.Count - 1);
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
