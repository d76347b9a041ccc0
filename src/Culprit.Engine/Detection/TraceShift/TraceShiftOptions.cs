namespace Culprit.Engine.Detection.TraceShift;

/// <summary>When a change in what requests do becomes an anomaly.</summary>
internal sealed record TraceShiftOptions
{
    /// <summary>The windows that are compared with all before, the shortest first. Default 45 s and 2 min.</summary>
    public IReadOnlyList<TimeSpan> Windows { get; init; } = [TimeSpan.FromSeconds(45), TimeSpan.FromMinutes(2)];

    /// <summary>History without which nothing is called changed. Default 20 s.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Part of the usual number of standard deviations that suffices, because scores are already weighed by the share of requests
    /// that changed, which is at most 1. Default 0.75.
    /// </summary>
    public double Part { get; init; } = 0.75;

    /// <summary>Part of what is needed that another look must find to agree. Default 0.75.</summary>
    public double Agreeing { get; init; } = 0.75;
}
