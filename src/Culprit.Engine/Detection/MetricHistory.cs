using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>The recent points of one metric of one service.</summary>
internal sealed class MetricHistory
{
    private const int MaxPoints = 360;

    public required string Service { get; init; }

    public required string Metric { get; init; }

    public string Unit { get; set; } = string.Empty;

    public List<MetricPoint> Points { get; init; } = [];

    public void Add(long timeNanos, double value)
    {
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
internal readonly record struct MetricPoint(long TimeNanos, double Value);
