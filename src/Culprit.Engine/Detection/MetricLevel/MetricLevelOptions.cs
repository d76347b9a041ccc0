namespace Culprit.Engine.Detection.MetricLevel;

/// <summary>When a metric that moved becomes an anomaly.</summary>
internal sealed record MetricLevelOptions
{
    /// <summary>Points of history without which nothing is called unusual. Default 10.</summary>
    public int MinPoints { get; init; } = 10;

    /// <summary>So many of the newest points must all be beyond the limit. Default 2.</summary>
    /// <remarks>Raising it protects against single wild points and delays by one reporting interval each.</remarks>
    public int Agreeing { get; init; } = 2;

    /// <summary>The level must be so many times the usual one. Default 1.5.</summary>
    public double MinRatio { get; init; } = 1.5;

    /// <summary>A backlog must be so many times as large as any seen before. Default 3.</summary>
    public double MinBacklogRatio { get; init; } = 3;

    /// <summary>Metrics judged per environment. Default 5,000.</summary>
    public int MaxMetrics { get; init; } = 5000;
}
