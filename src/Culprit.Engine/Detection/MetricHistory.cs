using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>The recent points of one metric of one service.</summary>
internal sealed class MetricHistory
{
    /// <summary>A metric that was silent for so long makes room for others when there is none: 1 hour.</summary>
    public const long KeptNanos = 3600 * UnixNanos.PerSecond;

    private const int MaxPoints = 360;

    public required string Service { get; init; }

    public required string Metric { get; init; }

    public string Unit { get; set; } = string.Empty;

    /// <summary>The values of a gauge, the steps of a counter per second.</summary>
    public List<MetricPoint> Points { get; init; } = [];

    /// <summary>A counter's newest reading.</summary>
    public MetricPoint? Reading { get; set; }

    public void Add(long timeNanos, double value)
    {
        if (MetricName.IsCounter(Metric))
        {
            var before = Reading;
            Reading = MetricPoint.Newer(before, new MetricPoint(timeNanos, value));
            if (before?.RateUntil(timeNanos, value) is not { } rate)
            {
                return;
            }

            value = rate;
        }

        if (Points.Count == MaxPoints)
        {
            Points.RemoveAt(0);
        }

        Points.Add(new MetricPoint(timeNanos, value));
    }

    /// <summary>Median and median absolute deviation of the points before a moment, and how many there are.</summary>
    public (double Median, double Deviation, int Points) Before(long nanos)
    {
        var values = Points.Where(p => p.TimeNanos < nanos).Select(p => p.Value).ToArray();
        if (values.Length == 0)
        {
            return (0, 0, 0);
        }

        var median = Median(values);
        return (median, Median([.. values.Select(v => Math.Abs(v - median))]), values.Length);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}

/// <summary>One measured value.</summary>
internal readonly record struct MetricPoint(long TimeNanos, double Value)
{
    public static MetricPoint Newer(MetricPoint? known, MetricPoint other) => known is { } point && point.TimeNanos > other.TimeNanos ? point : other;

    /// <summary>How much a counter grew per second since this reading; null for a late reading and after a restart of the counter.</summary>
    public double? RateUntil(long timeNanos, double value) =>
        timeNanos <= TimeNanos || value < Value ? null : (value - Value) / ((timeNanos - TimeNanos) / 1e9);
}
