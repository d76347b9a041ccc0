using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>One detector's finding about one window.</summary>
/// <remarks>The id derives from environment, detector, scope and the start of the window, never from a counter or a clock.</remarks>
internal sealed record Anomaly
{
    public required string Id { get; init; }

    public required AnomalyType Type { get; init; }

    /// <summary>The detector's name, such as <c>error-threshold</c>.</summary>
    public required string Detector { get; init; }

    /// <summary>Found by a plain count without a baseline: such a finding never absorbs another detector's.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Tells more of an incident that other findings opened, and opens none.</summary>
    public bool IsSupporting { get; init; }

    /// <summary>Opens an incident only while nothing of another kind is wrong: what it shows follows from other faults, too.</summary>
    public bool YieldsToOthers { get; init; }

    /// <summary>Standard deviations by which it was beyond the usual; 0 when the detector does not measure it so.</summary>
    public double Strength { get; init; }

    /// <summary>The event that it follows from; null when that is the newest of its errors.</summary>
    public string? CausationId { get; init; }

    public required string Environment { get; init; }

    /// <summary>Services that the finding is about, most affected first.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Event time of the first evidence.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Event time at which the evidence sufficed.</summary>
    public required DateTimeOffset DetectedAt { get; init; }

    public required TimeSpan Window { get; init; }

    /// <summary>Error records in the window, duplicates included.</summary>
    public required long ErrorCount { get; init; }

    /// <summary>What the detector expected, in words and numbers.</summary>
    public required string Expected { get; init; }

    /// <summary>What it observed instead, in words and numbers.</summary>
    public required string Observed { get; init; }

    /// <summary>The records that made it fire, oldest first; at most 20.</summary>
    public required IReadOnlyList<RecordRef> Evidence { get; init; }

    public IEnumerable<string> SampleMessages => Evidence.Select(e => e.Text).Distinct(StringComparer.Ordinal).Take(5);
}
