namespace Culprit.Engine.Detection.Silence;

/// <summary>When a service that says less becomes an anomaly.</summary>
internal sealed record SilenceOptions
{
    /// <summary>Silent is who says no more than this share of what is expected. Default 0.1.</summary>
    public double MaxShare { get; init; } = 0.1;

    /// <summary>All are silent when together they say no more than this share. Default 0.02.</summary>
    public double MaxShareOfAll { get; init; } = 0.02;

    /// <summary>Size of the clumps in which a service speaks until its history shows it. Default 2.</summary>
    public double Clumping { get; init; } = 2;

    /// <summary>History without which nobody is missed. Default 5 min.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Report when all services fall silent at once. Default true; files end, so <c>analyze</c> switches it off.</summary>
    public bool ReportAll { get; init; } = true;
}
