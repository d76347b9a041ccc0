namespace Culprit.Engine.Detection.Decline;

/// <summary>When a service that does less than usual becomes an anomaly.</summary>
internal sealed record DeclineOptions
{
    /// <summary>It must do no more than this share of what is expected. Default 0.7.</summary>
    public double MaxShare { get; init; } = 0.7;

    /// <summary>
    /// Standard deviations by which the part of the window that no record is late for must have declined as well. Default 2: it is one
    /// more look at the same window, to tell a decline from a shipper that stalls.
    /// </summary>
    public double SettledSigma { get; init; } = 2;

    /// <summary>Size of the clumps in which a service works until its history shows it. Default 2.</summary>
    public double Clumping { get; init; } = 2;

    /// <summary>History without which nobody does too little. Default 20 min.</summary>
    public TimeSpan MinHistory { get; init; } = TimeSpan.FromMinutes(20);
}
