using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.MetricLevel;

/// <summary>One metric of one service as it is judged: the values of a gauge, the steps of a counter.</summary>
/// <remarks>Bounded: the newest <see cref="MaxPoints"/> points. Points that come late find their place.</remarks>
internal sealed class MetricSeries
{
    internal const int MaxPoints = 360;

    public required string Service { get; init; }

    public required string Metric { get; init; }

    public required MetricKind Kind { get; init; }

    /// <summary>By time.</summary>
    public List<MetricPoint> Points { get; init; } = [];

    /// <summary>A counter's newest reading.</summary>
    public MetricPoint? Reading { get; set; }

    public Alarm Alarm { get; init; } = new();

    /// <summary>When the level left the usual, while the alarm is open.</summary>
    public long StartNanos { get; set; }

    /// <summary>There are points whose level was not judged.</summary>
    public bool IsDirty { get; set; }

    /// <summary>There are points whose trend was not judged.</summary>
    public bool IsTrendDirty { get; set; }

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

        var at = Points.Count;
        while (at > 0 && Points[at - 1].TimeNanos > timeNanos)
        {
            at--;
        }

        Points.Insert(at, new MetricPoint(timeNanos, value));
        if (Points.Count > MaxPoints)
        {
            Points.RemoveAt(0);
        }

        IsDirty = true;
        IsTrendDirty = true;
    }
}
