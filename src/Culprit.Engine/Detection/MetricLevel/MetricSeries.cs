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
        if (MetricKinds.IsCounter(Metric))
        {
            var before = Reading;
            Reading = before is { } newer && newer.TimeNanos > timeNanos ? before : new MetricPoint(timeNanos, value);
            if (before is not { } last || timeNanos <= last.TimeNanos || value < last.Value)
            {
                return; // The first reading, a late one, or a restart.
            }

            value = (value - last.Value) / ((timeNanos - last.TimeNanos) / 1e9);
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
