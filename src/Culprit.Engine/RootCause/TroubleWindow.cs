using Culprit.Engine.Records;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>Finds from when to when the requests of an incident went wrong.</summary>
/// <remarks>
/// A detector says when it noticed, and in how long a stretch: the trouble may have begun before that or within, and lasted longer than the
/// detector could tell it from what it had meanwhile got used to. So the bounds are put where what comes between them differs most from
/// what was before, as one sees it in a chart: the maximum of a scan statistic, first over the beginnings, then over the ends.
/// </remarks>
internal static class TroubleWindow
{
    private static readonly long Step = 10 * UnixNanos.PerSecond;

    private const int MaxSteps = 15;

    /// <summary>Detectors look at windows of up to two minutes.</summary>
    private static readonly long LongestLook = 120 * UnixNanos.PerSecond;

    /// <summary>A detector needs a while: the trouble may be so much older than its first sign.</summary>
    private static readonly long Lead = 30 * UnixNanos.PerSecond;

    /// <summary>Less than this between the bounds shows nothing.</summary>
    private static readonly long Shortest = 20 * UnixNanos.PerSecond;

    /// <summary>Where bounds are looked for, so many nodes of traces before and within are enough.</summary>
    private const int NodesOfALook = 8_000;

    /// <param name="startNanos">Where the detector puts the beginning.</param>
    /// <param name="detectedNanos">When it noticed.</param>
    /// <param name="seenNanos">When the trouble was last seen.</param>
    /// <param name="nowNanos">Up to when there are traces.</param>
    public static (long From, long To) Find(TraceBook traces, PatternNames patterns, long startNanos, long detectedNanos, long seenNanos, long nowNanos)
    {
        double Clarity(long from, long to) => new TraceComparison(traces, from, to, patterns, NodesOfALook).Findings()
            .GroupBy(f => f.Service, StringComparer.Ordinal).Select(g => g.Sum(TraceSupport.PointsOf)).DefaultIfEmpty(0).Max();

        var seen = Math.Max(seenNanos, startNanos + Shortest);
        var latest = Math.Max(startNanos, Math.Min(startNanos + LongestLook, Math.Min(detectedNanos, nowNanos) - Shortest));
        var froms = Points(startNanos - Lead, latest).ToList();
        var tos = Points(seen, Math.Max(seen, nowNanos)).ToList();
        var from = Best(froms, f => Clarity(f, seen));
        var to = Best(tos, t => Clarity(from, t));
        return to == seen ? (from, to) : (Best(froms, f => Clarity(f, to)), to);
    }

    private static IEnumerable<long> Points(long first, long last)
    {
        for (var at = first; at <= last; at += Math.Max(Step, (last - first) / MaxSteps))
        {
            yield return at;
        }
    }

    /// <summary>The clearest, of equals the earliest.</summary>
    private static long Best(List<long> bounds, Func<long, double> clarity) => bounds.MaxBy(clarity);
}
