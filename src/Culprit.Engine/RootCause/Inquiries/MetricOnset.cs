using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>When a metric left its own past: a point far out that the next one confirms.</summary>
internal static class MetricOnset
{
    private const int MinPast = 10;
    private const double FarSigmas = 6;
    private const double StillSigmas = 3;

    /// <summary>Null when the metric stays as it was, or says nothing about health.</summary>
    public static long? Find(MetricHistory metric, long fromNanos, long toNanos)
    {
        var kind = MetricShift.KindOf(metric.Metric);
        if (kind is MetricKind.Other or MetricKind.Host)
        {
            return null;
        }

        var points = metric.Points;
        for (var i = MinPast; i < points.Count; i++)
        {
            var at = points[i].TimeNanos;
            if (at < fromNanos || at > toNanos)
            {
                continue;
            }

            var (median, deviation, _) = metric.Before(at);
            var spread = (1.4826 * deviation) + (0.1 * Math.Abs(median)) + Floor(MetricName.Family(metric.Metric));
            if ((points[i].Value - median) / spread > FarSigmas
                && (i + 1 >= points.Count || (points[i + 1].Value - median) / spread > StillSigmas))
            {
                return at;
            }
        }

        return null;
    }

    private static double Floor(string metric) =>
        metric.Contains("ratio", StringComparison.OrdinalIgnoreCase) || metric.Contains("rate", StringComparison.OrdinalIgnoreCase) ? 0.01 : 1e-9;
}
