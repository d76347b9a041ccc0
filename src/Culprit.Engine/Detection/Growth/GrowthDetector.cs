using System.Globalization;
using Culprit.Engine.Detection.MetricLevel;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.Growth;

/// <summary>A resource that grows steadily: memory that is not freed, a queue that is not worked off, a disk that fills.</summary>
/// <remarks>
/// Judges the lower envelope (the least value of each stretch), because collection of garbage makes a saw of healthy memory and only what remains after it
/// matters; a fall back to where it began (a restart, a rotation) ends the growth. A robust trend (Mann-Kendall, Theil-Sen) must be
/// certain, large against the start and against the noise, and still be going on. More load explains growth by the same factor.
/// Without a limit near it must also leave all behind that was seen for a good while before: each tooth of a saw rises for a while.
/// </remarks>
internal sealed class GrowthDetector(string environment, GrowthOptions options)
{
    public const string Name = "growth";
    private const int EverySteps = Steps.PerMinute / 2;
    private const double HoldSteps = 15 * Steps.PerMinute;

    private readonly Dictionary<string, long> _open = new(StringComparer.Ordinal);
    private double _needed;

    /// <summary>Judges the resources that have new points, twice a minute: what grows for minutes can wait for seconds.</summary>
    public IEnumerable<Anomaly> Judge(Frame frame, IEnumerable<MetricSeries> all, Func<string, double> loadFactor)
    {
        if (frame.End % EverySteps != 0)
        {
            yield break;
        }

        _needed = frame.Sigma(all.Count(s => s.Kind is MetricKind.Resource or MetricKind.Backlog) * options.Minutes.Count);
        var limits = all.Where(s => s.Kind == MetricKind.Limit && s.Points.Count > 0).ToLookup(s => s.Service, StringComparer.Ordinal);
        foreach (var series in all.Where(s => s.IsTrendDirty && s.Kind is MetricKind.Resource or MetricKind.Backlog))
        {
            series.IsTrendDirty = false;
            if (Test(series, frame, Limit(series, limits[series.Service]), loadFactor) is not { } growth)
            {
                continue;
            }

            var key = series.Service + "/" + series.Metric;
            var isNew = !_open.TryGetValue(key, out var last) || frame.End - last > HoldSteps;
            _open[key] = frame.End;
            if (isNew)
            {
                yield return ToAnomaly(series, growth);
            }
        }
    }

    public void Settle(long end, Action<string, long> open)
    {
        foreach (var (key, last) in _open.ToList())
        {
            if (end - last > HoldSteps)
            {
                _open.Remove(key);
            }
            else
            {
                open(key[..key.IndexOf('/', StringComparison.Ordinal)], last);
            }
        }
    }

    public IReadOnlyDictionary<string, long> ToState() => _open;

    public void Restore(IReadOnlyDictionary<string, long> state)
    {
        foreach (var (key, last) in state)
        {
            _open[key] = last;
        }
    }

    private Growing? Test(MetricSeries series, Frame frame, double? limit, Func<string, double> loadFactor)
    {
        var end = series.Points[^1].TimeNanos;
        foreach (var minutes in options.Minutes)
        {
            var from = end - (minutes * 60L * UnixNanos.PerSecond);
            if (series.Points[0].TimeNanos > from + (minutes * 12L * UnixNanos.PerSecond))
            {
                return null; // A span that is not covered yet; longer ones are not either.
            }

            var points = Envelope(series.Points, from, end);
            var sigma = points.Count < 10 || points[^1].Value < 1.03 * points.Min(p => p.Value) ? 0 : MannKendall.Sigma(points);
            if (sigma < _needed)
            {
                continue;
            }

            var trend = Trend.Of(points);
            var grown = trend.End - trend.Start;
            var toLimit = limit - trend.End;
            var isNearLimit = toLimit < trend.PerHour * options.Horizon.TotalHours && trend.End > 0.5 * limit;
            var factor = Math.Max(1, loadFactor(series.Service));
            var isShort = minutes < options.MinMinutes && !isNearLimit;
            var enough = isNearLimit ? options.MinGrowth / 2 : isShort ? options.MinShortGrowth : options.MinGrowth;
            if (series.Kind == MetricKind.Backlog && trend.End < MetricKinds.MinBacklog)
            {
                continue;
            }

            if (grown >= 6 * trend.Noise && trend.Start >= 0
                && trend.End >= (1 + enough) * factor * trend.Start && IsGoingOn(points, trend)
                && (isNearLimit || IsBeyondAll(series.Points, from, minutes, trend.End)))
            {
                return new Growing(points[0].TimeNanos, minutes, trend, limit, sigma);
            }
        }

        return null;
    }

    /// <summary>The last third grows as well, and the newest point is near the trend's end.</summary>
    private static bool IsGoingOn(List<MetricPoint> points, Trend trend)
    {
        var third = points.Skip(points.Count * 2 / 3).ToList();
        return third.Count >= 3 && Trend.Of(third).PerHour >= 0.4 * trend.PerHour
            && points[^1].Value >= trend.End - Math.Max(4 * trend.Noise, 0.2 * (trend.End - trend.Start));
    }

    /// <summary>Nothing as high was seen in half as long a time before (for a short span, half an hour), or in all that is remembered: no tooth of a saw, no usual swing.</summary>
    private bool IsBeyondAll(List<MetricPoint> points, long from, int minutes, double level)
    {
        var past = (minutes < options.MinMinutes ? options.MinMinutes : minutes / 2) * 60L * UnixNanos.PerSecond;
        return (points[0].TimeNanos <= from - past || (points.Count == MetricSeries.MaxPoints && points[0].TimeNanos < from))
            && points.TakeWhile(p => p.TimeNanos < from).All(p => level > (1 + (options.MinGrowth / 2)) * p.Value);
    }

    private List<MetricPoint> Envelope(List<MetricPoint> points, long from, long end)
    {
        var stretch = Math.Max(1, (end - from) / options.Points);
        var least = new List<MetricPoint>();
        var at = long.MinValue;
        foreach (var point in points)
        {
            if (point.TimeNanos < from)
            {
                continue;
            }

            var index = (point.TimeNanos - from) / stretch;
            if (index != at || least.Count == 0)
            {
                least.Add(point);
                at = index;
            }
            else if (point.Value < least[^1].Value)
            {
                least[^1] = point;
            }
        }

        return least;
    }

    /// <summary>The limit of the same resource of the same service: the words in common decide. A percentage ends at 100.</summary>
    private static double? Limit(MetricSeries series, IEnumerable<MetricSeries> limits)
    {
        if (series.Metric.Contains('%', StringComparison.Ordinal) || series.Metric.Contains("percent", StringComparison.OrdinalIgnoreCase))
        {
            return 100;
        }

        var words = MetricKinds.Split(MetricName.Family(series.Metric));
        return limits.Where(l => MetricKinds.Split(MetricName.Family(l.Metric)).Intersect(words, StringComparer.Ordinal).Count() >= 2)
            .Select(l => (double?)l.Points[^1].Value).Where(v => v > series.Points[^1].Value).Min();
    }

    private Anomaly ToAnomaly(MetricSeries series, Growing growth)
    {
        var trend = growth.Trend;
        var words = MetricKinds.Split(MetricName.Family(series.Metric));
        var left = growth.Limit is { } limit && trend.PerHour > 0
            ? string.Create(CultureInfo.InvariantCulture, $", at its limit of {limit:0.##} in {(limit - trend.End) / trend.PerHour * 60:0} min")
            : string.Empty;
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, series.Service, series.Metric, (growth.StartNanos / (600 * UnixNanos.PerSecond)).ToString(CultureInfo.InvariantCulture)),
            Type = words.Exists(w => w is "mem" or "memory" or "heap" or "rss") ? AnomalyType.MemoryLeak
                : series.Kind == MetricKind.Backlog ? AnomalyType.LatencySpike : AnomalyType.Unknown,
            Detector = Name,
            Environment = environment,
            Services = [series.Service],
            StartedAt = UnixNanos.ToTime(growth.StartNanos),
            DetectedAt = UnixNanos.ToTime(series.Points[^1].TimeNanos),
            Window = TimeSpan.FromMinutes(growth.Minutes),
            ErrorCount = 0,
            Expected = string.Create(CultureInfo.InvariantCulture, $"{series.Metric} without a trend, near {trend.Start:0.##}"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{series.Metric} grew from {trend.Start:0.##} to {trend.End:0.##} in {growth.Minutes} min, {trend.PerHour:0.##} an hour{left}: Mann-Kendall {growth.Sigma:0.0} standard deviations"),
            Evidence = [],
            Strength = growth.Sigma,
        };
    }

    private sealed record Growing(long StartNanos, int Minutes, Trend Trend, double? Limit, double Sigma);
}
