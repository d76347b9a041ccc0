namespace Culprit.Engine.Detection.FlowBreak;

/// <summary>When requests and jobs that go wrong become an anomaly.</summary>
internal sealed record FlowBreakOptions
{
    /// <summary>Fewer odd sessions in a window than this are never an anomaly. Default 4.</summary>
    public int MinCount { get; init; } = 4;

    /// <summary>The share of odd sessions must be so many times the usual one. Default 2.</summary>
    public double MinRatio { get; init; } = 2;

    /// <summary>And lie so much above it. Default 1 %.</summary>
    /// <remarks>Over long windows small changes are certain long before they matter.</remarks>
    public double MinRise { get; init; } = 0.01;

    /// <summary>Sessions of the kind that ended before, without which nothing is called unusual. Default 50.</summary>
    public int MinSessions { get; init; } = 50;

    /// <summary>Time of the kind without which nothing is called unusual. Default 30 s.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Size of the clumps in which odd sessions come until the history shows it. Default 2.5.</summary>
    public double Clumping { get; init; } = 2.5;

    /// <summary>Kinds of sessions that are judged. Default 512; that of which none ended for the longest time leaves first.</summary>
    public int MaxKinds { get; init; } = 512;
}
