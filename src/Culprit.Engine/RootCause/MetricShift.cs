using System.Text.RegularExpressions;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause;

/// <summary>A metric of a candidate that left its past behind.</summary>
/// <param name="Points">What it adds to the score before it is gated by other evidence.</param>
/// <param name="IsResource">Memory, CPU, disk and the like, rather than latency or errors, which callers show too.</param>
internal sealed partial record MetricShift(MetricEvidence Metric, double Points, bool IsResource, bool IsMemory)
{
    /// <summary>What only the process itself uses up; time, errors and whatever waits also show the trouble of those it calls.</summary>
    public bool IsOwn { get; } = IsResource && !Counted().IsMatch(Metric.Metric);

    /// <summary>Fewer other services than this give no scale to compare with.</summary>
    private const int MinPeers = 3;

    /// <summary>Percent.</summary>
    private const double HalfFull = 50;

    /// <summary>A few more connections or waiting messages are nothing, though there were none before.</summary>
    private const double LeastCount = 5;

    /// <summary>The metric's contribution; null when it stays within its past or has none.</summary>
    /// <param name="all">Every metric of the dossier: the same metric of the others shows how far it usually strays.</param>
    /// <param name="alone">Nothing else tells how long requests take: latency then says more.</param>
    public static MetricShift? Of(MetricEvidence metric, IReadOnlyList<MetricEvidence> all, bool alone)
    {
        var family = MetricName.Family(metric.Metric);
        var kind = KindOf(family);
        if (metric.BaselinePoints < 5 || !double.IsFinite(metric.Value) || !double.IsFinite(metric.Median) || kind == MetricKind.Host)
        {
            return null;
        }

        if (Memory().IsMatch(metric.Metric) && Share().IsMatch(metric.Metric + metric.Unit) && metric.Value is > 1 and < HalfFull)
        {
            return null; // Memory that fills less than half of its limit hurts nobody.
        }

        // The floor keeps an idle service (2 ms against 1 ms) from looking like a fault.
        var least = Counted().IsMatch(family) && !family.Contains("ratio", StringComparison.OrdinalIgnoreCase) ? LeastCount : 1e-9;
        var spread = (1.4826 * Math.Abs(metric.Deviation)) + (0.1 * Math.Abs(metric.Median)) + least;
        var sigmas = (metric.Value - metric.Median) / spread;
        if (sigmas <= 5 || metric.Value <= 1.5 * metric.Median)
        {
            return null;
        }

        var times = metric.Median > 0 ? metric.Value / metric.Median : 16;
        var strength = Math.Min(4, metric.Stray > 0
            ? Math.Log2((metric.Value - metric.Median) / Math.Max(metric.Stray, least))
            : Math.Min(Math.Log2(times) + 0.5, AgainstPeers(metric, all)));
        if (strength <= 0)
        {
            return null;
        }

        var weight = kind switch
        {
            MetricKind.Resource => 3,
            MetricKind.Latency => alone ? 1.5 : 0.5,
            MetricKind.Trouble => 0.4,
            _ => 0.1,
        };
        return new MetricShift(metric, weight * strength, kind == MetricKind.Resource, Memory().IsMatch(family));
    }

    public static bool IsOfMemory(string metric) => Memory().IsMatch(metric);

    /// <summary>What a metric measures, as far as its name tells.</summary>
    public static MetricKind KindOf(string metric) => MetricName.Family(metric) switch
    {
        var family when OfTheHost().IsMatch(family) => MetricKind.Host,
        var family when Resource().IsMatch(family) => MetricKind.Resource,
        var family when Latency().IsMatch(family) => MetricKind.Latency,
        var family when Trouble().IsMatch(family) => MetricKind.Trouble,
        _ => MetricKind.Other,
    };

    /// <summary>
    /// How many times farther it went than twice the median of the same metric elsewhere, as a power of two. It silences
    /// idle services: from 3 to 30 millicores is tenfold and still nothing where others move by 30 as well.
    /// </summary>
    private static double AgainstPeers(MetricEvidence metric, IReadOnlyList<MetricEvidence> all)
    {
        var family = MetricName.Family(metric.Metric);
        var others = all
            .Where(m => MetricName.Family(m.Metric) == family && m.Service != metric.Service)
            .Select(m => Math.Abs(m.Value - m.Median))
            .Where(double.IsFinite).Order().ToList();
        if (others.Count < MinPeers || others[others.Count / 2] <= 0)
        {
            return double.PositiveInfinity;
        }

        return Math.Log2((metric.Value - metric.Median) / (2 * others[others.Count / 2]));
    }

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex("^(?:node|host)", Plain)]
    private static partial Regex OfTheHost();

    [GeneratedRegex("cpu|mem|heap|rss|disk|saturation|util|connections|fds?$|open_f|threads|queue|gc_", Plain)]
    private static partial Regex Resource();

    [GeneratedRegex("connections|queue|threads|fds?$|open_f|pending|backlog", Plain)]
    private static partial Regex Counted();

    [GeneratedRegex("mem|heap|rss", Plain)]
    private static partial Regex Memory();

    [GeneratedRegex("%|percent|ratio|rate|util", Plain)]
    private static partial Regex Share();

    [GeneratedRegex("latency|duration|response_time|p9[0-9]|p50", Plain)]
    private static partial Regex Latency();

    [GeneratedRegex("error|fail|5xx|reject|timeout|drop|restart|retr|lag|backlog|pending", Plain)]
    private static partial Regex Trouble();
}

/// <summary>What a metric measures.</summary>
internal enum MetricKind : byte
{
    Other = 0,

    /// <summary>Of the machine, which many services share.</summary>
    Host = 1,
    Resource = 2,
    Latency = 3,

    /// <summary>Errors, rejections, restarts and backlogs.</summary>
    Trouble = 4,
}
