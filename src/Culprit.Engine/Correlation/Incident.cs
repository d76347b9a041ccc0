using Culprit.Engine.Detection;

namespace Culprit.Engine.Correlation;

/// <summary>How bad an incident is for those on call; the words of the wire in lower case.</summary>
internal enum IncidentSeverity : byte
{
    Low = 0,
    Medium = 1,
    High = 2,
    Critical = 3,
}

/// <summary>Where an incident is in its life.</summary>
internal enum IncidentState : byte
{
    Open = 0,
    Acknowledged = 1,
    Resolved = 2,
}

/// <summary>Correlated anomalies of one fault, with a start and an end. An immutable state; the correlator makes the next.</summary>
internal sealed record Incident
{
    /// <summary>Derived from the id of the first anomaly; also the correlation id of all its events.</summary>
    public required string Id { get; init; }

    public required string Environment { get; init; }

    public required IncidentState State { get; init; }

    public required IncidentSeverity Severity { get; init; }

    /// <summary>Event time of the first evidence.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Event time at which its first anomaly was found.</summary>
    public required DateTimeOffset DetectedAt { get; init; }

    /// <summary>Event time of the newest evidence.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Error records since the start, duplicates included.</summary>
    public required long ErrorCount { get; init; }

    /// <summary>Affected services in order of their first error.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Its anomalies in order of detection; the first opened it.</summary>
    public required IReadOnlyList<Anomaly> Anomalies { get; init; }

    /// <summary>What kind of fault its anomalies show together.</summary>
    public required AnomalyType Type { get; init; }
}

/// <summary>The words of the wire.</summary>
internal static class IncidentWords
{
    public static string ToWire(this IncidentSeverity severity) => severity switch
    {
        IncidentSeverity.Low => "low",
        IncidentSeverity.Medium => "medium",
        IncidentSeverity.High => "high",
        IncidentSeverity.Critical => "critical",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown severity {(byte)severity}."),
    };

    public static string ToWire(this IncidentState state) => state switch
    {
        IncidentState.Open => "open",
        IncidentState.Acknowledged => "acknowledged",
        IncidentState.Resolved => "resolved",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown state {(byte)state}."),
    };
}
