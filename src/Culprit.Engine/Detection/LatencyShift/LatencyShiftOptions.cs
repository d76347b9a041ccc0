namespace Culprit.Engine.Detection.LatencyShift;

/// <summary>When slower than usual becomes an anomaly.</summary>
internal sealed record LatencyShiftOptions
{
    /// <summary>Slow is what takes so many times as long as nine of ten used to, and by itself what takes so many times as long as 99 of 100. Default 1.5.</summary>
    public double TailFactor { get; init; } = 1.5;

    /// <summary>Slow is also what takes so many times as long as half used to. Default 2.</summary>
    public double MedianFactor { get; init; } = 2;

    /// <summary>The share of slow ones must grow by this much. Default 0.2.</summary>
    public double MinShare { get; init; } = 0.2;

    /// <summary>Fewer durations of one operation before the window say nothing of what is usual. Default 5.</summary>
    public int MinBefore { get; init; } = 5;

    /// <summary>History before a window without which nothing is called slow: after a start all is. Default 30 s.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Fewer slow ones than this are never a shift. Default 3.</summary>
    public int MinSlow { get; init; } = 3;

    /// <summary>Slow ones come together: variance of their number over that of independent ones, until the history of an operation, or of a service's operations together, shows it. Raising it delays the finding of slowness after a start. Default 2.5.</summary>
    public double Clumping { get; init; } = 2.5;

    /// <summary>The same of steps of 5 s with slow ones. Default 1.2.</summary>
    public double SpreadClumping { get; init; } = 1.2;

    /// <summary>Steps with slow ones before they are counted by steps. Default 4.</summary>
    public int MinSpread { get; init; } = 4;

    /// <summary>Slow ones that end in so many steps of 5 s of a window need no second window that agrees. Default 2: with 3 a window of 10 s could never speak first.</summary>
    public int AgreeingSteps { get; init; } = 2;

    /// <summary>Durations below this are never slow. Default 2 ms.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Operations and patterns with durations per environment. Default 4,000; further ones are not judged.</summary>
    public int MaxOperations { get; init; } = 4000;
}
