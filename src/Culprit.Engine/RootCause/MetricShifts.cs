using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause;

/// <summary>Finds of each metric the point of a window that lies farthest from its past.</summary>
internal static class MetricShifts
{
    /// <summary>Metric points this long before the first error still belong to the incident: resources fail first.</summary>
    private static readonly long Lead = 60 * UnixNanos.PerSecond;

    /// <summary>Metric points this long after the window still tell of it: many are averages of the minute before.</summary>
    private static readonly long Tail = 60 * UnixNanos.PerSecond;

    public static IReadOnlyList<MetricEvidence> Find(IReadOnlyCollection<MetricHistory> metrics, long startNanos, long endNanos)
    {
        var from = startNanos - Lead;
        var to = endNanos > long.MaxValue - Tail ? long.MaxValue : endNanos + Tail;
        var pasts = metrics.Select(m => (Metric: m, Past: m.Before(from))).ToList();
        var stray = pasts.Where(p => p.Past.Points > 0).GroupBy(p => MetricName.Family(p.Metric.Metric), StringComparer.Ordinal).ToDictionary(
            g => g.Key,
            g => Quantile([.. g.SelectMany(p => p.Metric.Points.Where(x => x.TimeNanos < from).Select(x => Math.Abs(x.Value - p.Past.Median)))]),
            StringComparer.Ordinal);
        return [.. pasts.Select(p => Farthest(p.Metric, p.Past, from, startNanos, to, stray.GetValueOrDefault(MetricName.Family(p.Metric.Metric)))).OfType<MetricEvidence>()];
    }

    private static MetricEvidence? Farthest(
        MetricHistory metric, (double Median, double Deviation, int Points) past, long from, long start, long to, double stray)
    {
        MetricPoint? farthest = null;
        for (var i = 0; i < metric.Points.Count; i++)
        {
            var point = metric.Points[i];
            if (point.TimeNanos >= from && point.TimeNanos <= to && !IsOver(metric, i, past.Median, start)
                && (farthest is null || Math.Abs(point.Value - past.Median) > Math.Abs(farthest.Value.Value - past.Median)))
            {
                farthest = point;
            }
        }

        if (farthest is not { } far)
        {
            return null;
        }

        var isResource = MetricShift.KindOf(metric.Metric) == MetricKind.Resource;
        return new MetricEvidence(
            metric.Service, metric.Metric, metric.Unit, past.Median, past.Deviation, far.Value, UnixNanos.ToTime(far.TimeNanos), past.Points, stray)
        {
            RisesSince = isResource && Ramp.Find(metric.Points, to) is { } bend ? UnixNanos.ToTime(bend) : null,
        };
    }

    /// <summary>Whether a metric was as usual again before the trouble began. Memory may have been freed by the very crash.</summary>
    private static bool IsOver(MetricHistory metric, int at, double median, long start) =>
        metric.Points[at].TimeNanos < start
        && at + 1 < metric.Points.Count
        && Math.Abs(metric.Points[at + 1].Value - median) < 0.25 * Math.Abs(metric.Points[at].Value - median)
        && !MetricShift.IsOfMemory(metric.Metric);

    private static double Quantile(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? 0 : values[(int)(0.99 * (values.Count - 1))];
    }
}
