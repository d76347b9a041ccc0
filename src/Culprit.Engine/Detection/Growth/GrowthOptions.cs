namespace Culprit.Engine.Detection.Growth;

/// <summary>When steady growth of a resource becomes an anomaly.</summary>
internal sealed record GrowthOptions
{
    /// <summary>Spans of time over which growth is looked for, minutes. Default 5, 10, 30, 120 and 300.</summary>
    public IReadOnlyList<int> Minutes { get; init; } = [5, 10, 30, 120, 300];

    /// <summary>Growth over a shorter span counts only when the limit is near, or when it leaves all behind that was seen for so long. Default 30 min.</summary>
    public int MinMinutes { get; init; } = 30;

    /// <summary>Points of a span that decide; more are thinned to as many. Default 40, at least 10 are needed.</summary>
    public int Points { get; init; } = 40;

    /// <summary>The level must have grown by this share of where it began. Default 0.25.</summary>
    public double MinGrowth { get; init; } = 0.25;

    /// <summary>Over a shorter span it must have grown by this share of where it began. Default 0.5.</summary>
    public double MinShortGrowth { get; init; } = 0.5;

    /// <summary>With a known limit, growth that meets it within this time is enough. Default 4 h.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromHours(4);
}
