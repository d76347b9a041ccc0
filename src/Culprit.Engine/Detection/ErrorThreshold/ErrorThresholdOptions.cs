namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>How a scope counts errors.</summary>
internal enum ThresholdCount : byte
{
    /// <summary>Every error record counts, repetitions too.</summary>
    Occurrences = 0,

    /// <summary>A repetition within the dedupe window does not count again.</summary>
    Distinct = 1,
}

/// <summary>When errors become an anomaly: SEED.md's <c>error_threshold_trigger</c>.</summary>
internal sealed record ErrorThresholdOptions
{
    /// <summary>Errors within <see cref="Window"/> that fire. Default 5.</summary>
    /// <remarks>With a baseline this is only the floor: the count must also be above what is usual.</remarks>
    public int Count { get; init; } = 5;

    /// <summary>Default 60 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What counts. Default <see cref="ThresholdCount.Occurrences"/>.</summary>
    public ThresholdCount Counting { get; init; }

    /// <summary>History after which the plain count gives way to "above what is usual". Default 10 min.</summary>
    public TimeSpan Baseline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Without a baseline, fire on the plain count. Default true; <c>analyze</c> switches it off.</summary>
    public bool Plain { get; init; } = true;

    /// <summary>Chance that usual traffic reaches the limit in one window. Default 1e-6.</summary>
    /// <remarks>Raising it finds weaker faults and fires falsely more often.</remarks>
    public double FalseAlarmProbability { get; init; } = 1e-6;
}
