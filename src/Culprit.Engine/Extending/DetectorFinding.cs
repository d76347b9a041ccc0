namespace Culprit.Engine.Extending;

/// <summary>What a detector found: it becomes an anomaly, with incident, root cause and alert.</summary>
public sealed record DetectorFinding
{
    /// <summary>What it is about, most affected first; at least one.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>What was expected, in words and numbers.</summary>
    public required string Expected { get; init; }

    /// <summary>What was observed instead, in words and numbers.</summary>
    public required string Observed { get; init; }

    /// <summary>error_spike, latency_spike, memory_leak, connection_failure, cascade_failure or unknown (default).</summary>
    public string Type { get; init; } = "unknown";

    /// <summary>low (default), medium, high or critical: the incident is at least so severe.</summary>
    public string Severity { get; init; } = "low";

    /// <summary>Event time of the first sign of it. Default: that of the oldest evidence, or the tick.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Records that it counted.</summary>
    public long Count { get; init; }

    /// <summary>Samples that show it; at most 20 are used.</summary>
    public IReadOnlyList<RecordView> Evidence { get; init; } = [];
}
