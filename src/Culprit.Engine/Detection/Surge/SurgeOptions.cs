namespace Culprit.Engine.Detection.Surge;

/// <summary>When a service that does more becomes an anomaly.</summary>
internal sealed record SurgeOptions
{
    /// <summary>It must do so many times as much as usual, beyond what all others do more. Default 8.</summary>
    public double MinRatio { get; init; } = 8;

    /// <summary>And so many times as much as in any minute that is remembered (three hours). Default 3.</summary>
    public double MinBeyond { get; init; } = 3;

    /// <summary>Fewer records and spans in a minute are no surge. Default 50.</summary>
    public int MinCount { get; init; } = 50;

    /// <summary>Share of the minute's steps of 5 s in which it must be busy: a burst of seconds is none. Default 0.8.</summary>
    public double MinSpread { get; init; } = 0.8;

    /// <summary>Size of the clumps in which a service speaks until its history shows it. Default 3.</summary>
    public double Clumping { get; init; } = 3;

    /// <summary>History without which nobody does too much. Default 30 min.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromMinutes(30);
}
