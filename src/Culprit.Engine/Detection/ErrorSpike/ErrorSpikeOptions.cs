namespace Culprit.Engine.Detection.ErrorSpike;

/// <summary>When more errors than usual become an anomaly.</summary>
internal sealed record ErrorSpikeOptions
{
    /// <summary>Fewer errors in a window than this are never a spike. Default 4.</summary>
    public int MinCount { get; init; } = 4;

    /// <summary>The rate must be so many times the usual one. Default 2.</summary>
    /// <remarks>Over long windows small changes are certain long before they matter.</remarks>
    public double MinRatio { get; init; } = 2;

    /// <summary>History without which nothing is called unusual. Default 30 s.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Size of the clumps in which errors come until their history, or that of others of their kind, shows it. Default 1.6.</summary>
    /// <remarks>Raising it protects against short bursts of something new and delays the finding of weak faults.</remarks>
    public double Clumping { get; init; } = 1.6;

    /// <summary>The same for errors of which each step of 5 s counts once. Default 1.2.</summary>
    public double SpreadClumping { get; init; } = 1.2;

    /// <summary>More errors than usual in so many steps of 5 s of a window need no second window that agrees. Default 2.</summary>
    public int AgreeingSteps { get; init; } = 2;

    /// <summary>Scopes counted per environment. Default 4,096; further ones count in their service only.</summary>
    public int MaxScopes { get; init; } = 4096;
}
