using Culprit.Engine.Correlation;

namespace Culprit.Engine.Alerting;

/// <summary>What an alert says about its incident.</summary>
internal enum AlertKind : byte
{
    Firing = 0,

    /// <summary>More is known, or it got worse: a sink may see this first when only now a route leads to it.</summary>
    Updated = 1,
    Acknowledged = 2,
    Resolved = 3,
}

/// <summary>An alert event, read once from its wire form, for routes and sinks to use.</summary>
/// <remarks>
/// Texts may quote logs and are hostile: nothing here is escaped, cut or made visible; each sink does that for its receiver.
/// What the event did not say is null or empty.
/// </remarks>
internal sealed record Alert
{
    /// <summary>Id of the event; the same on every try.</summary>
    public required string Id { get; init; }

    public required AlertKind Kind { get; init; }

    /// <summary>The same for all alerts of one incident: what receivers deduplicate and close by.</summary>
    public required string IncidentId { get; init; }

    /// <summary>Critical when the event names none that is known: rather page once too often than not at all.</summary>
    public required IncidentSeverity Severity { get; init; }

    public string Environment { get; init; } = "";

    public string? AnomalyType { get; init; }

    /// <summary>True when it only says again, or to somebody else, that the incident goes on unacknowledged.</summary>
    public bool IsReminder { get; init; }

    /// <summary>Who acknowledged or resolved it; null when nobody did.</summary>
    public string? By { get; init; }

    /// <summary>In order of their first error.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>What people say of its services, such as team or tier: all values of each key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Labels { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    public string? Expected { get; init; }

    public string? Observed { get; init; }

    public long? ErrorCount { get; init; }

    public IReadOnlyList<string> SampleMessages { get; init; } = [];

    /// <summary>What made the finding, oldest first: the lines at the onset.</summary>
    public IReadOnlyList<AlertLine> Lines { get; init; } = [];

    /// <summary>The last lines before the onset, oldest first.</summary>
    public IReadOnlyList<AlertLine> LinesBefore { get; init; } = [];

    /// <summary>The service that the root cause blames; null when it blames none.</summary>
    public string? Suspect { get; init; }

    /// <summary>The sink of which a notice tells that it does not take alerts, or takes them again; null in alerts of incidents.</summary>
    public string? FailingSink { get; init; }

    public string? RootCause { get; init; }

    /// <summary>What people confirmed for incidents like this one, in words.</summary>
    public string? KnownCause { get; init; }

    /// <summary>0 to 1.</summary>
    public double? Confidence { get; init; }

    /// <summary>What a model made of it, checked against the evidence.</summary>
    public string? Explanation { get; init; }

    public string? RecommendedAction { get; init; }

    /// <summary>File name relative to the runbook folder.</summary>
    public string? Runbook { get; init; }
}
