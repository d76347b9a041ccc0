namespace Culprit.Engine.Detection.PatternShift;

/// <summary>When a pattern that is logged more or less often than usual becomes an anomaly.</summary>
internal sealed record PatternShiftOptions
{
    /// <summary>A pattern that is logged so many times as often has shifted up. Default 4.</summary>
    public double MinRatio { get; init; } = 4;

    /// <summary>A pattern that is logged no more than this share of as often has vanished. Default 0.05.</summary>
    public double MaxShare { get; init; } = 0.05;

    /// <summary>Fewer records than this, expected or seen, shift nothing. Default 15.</summary>
    public int MinCount { get; init; } = 15;

    /// <summary>What comes up must be up in this share of the window's steps of 5 s, or half as many as there are records. Default 0.6.</summary>
    /// <remarks>Caches are rebuilt and indexes compacted in bursts of seconds; a fault stays.</remarks>
    public double MinSpread { get; init; } = 0.6;

    /// <summary>Standard deviations beyond what a single test needs: what is no error must be clearer. Default 2.</summary>
    public double Extra { get; init; } = 2;

    /// <summary>Size of the clumps until the history shows it. Default 3.</summary>
    public double Clumping { get; init; } = 3;

    /// <summary>Patterns counted per environment. Default 8,192; further ones are not judged.</summary>
    public int MaxPatterns { get; init; } = 8192;
}
