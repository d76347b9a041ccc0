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
    public int Count { get; init; } = 5;

    /// <summary>Default 60 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What counts. Default <see cref="ThresholdCount.Occurrences"/>.</summary>
    public ThresholdCount Counting { get; init; }

    /// <summary>History after which the plain count gives way to the detectors that know what is usual. Default 10 min.</summary>
    public TimeSpan Baseline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Without a baseline, fire on the plain count. Default true; <c>analyze</c> switches it off.</summary>
    public bool Plain { get; init; } = true;
}
