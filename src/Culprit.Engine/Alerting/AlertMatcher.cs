using Culprit.Engine.Correlation;

namespace Culprit.Engine.Alerting;

/// <summary>Which alerts a route, a silence or a maintenance window is about. Every part that is set must agree.</summary>
/// <remarks>Patterns are names with <c>*</c> for any text. Empty lists take all.</remarks>
internal sealed record AlertMatcher
{
    /// <summary>Matches every alert.</summary>
    public static AlertMatcher All { get; } = new();

    /// <summary>Alerts below it are not meant. Default: the lowest.</summary>
    public IncidentSeverity MinSeverity { get; init; } = IncidentSeverity.Low;

    /// <summary>Alerts above it are not meant. Default: the highest.</summary>
    public IncidentSeverity MaxSeverity { get; init; } = IncidentSeverity.Critical;

    public IReadOnlyList<string> Environments { get; init; } = [];

    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>What kind of fault, such as <c>connection_failure</c>.</summary>
    public IReadOnlyList<string> AnomalyTypes { get; init; } = [];

    /// <summary>Patterns by label key; the alert must have each key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Labels { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Ids of incidents.</summary>
    public IReadOnlyList<string> Incidents { get; init; } = [];

    /// <summary>True when one of the alert's services, and one value of each label, matches: for who must hear of it.</summary>
    public bool Touches(Alert alert) => Fits(alert)
        && (Services.Count == 0 || alert.Services.Any(s => IsOne(Services, s)))
        && Labels.All(l => alert.Labels.TryGetValue(l.Key, out var values) && values.Any(v => IsOne(l.Value, v)));

    /// <summary>True when all of the alert's services, and every value of each label, match: for what may be kept quiet.</summary>
    /// <remarks>An alert that names no service is not covered by a matcher that names some.</remarks>
    public bool Covers(Alert alert) => Fits(alert)
        && (Services.Count == 0 || (alert.Services.Count > 0 && alert.Services.All(s => IsOne(Services, s))))
        && Labels.All(l => alert.Labels.TryGetValue(l.Key, out var values) && values.Count > 0 && values.All(v => IsOne(l.Value, v)));

    private bool Fits(Alert alert) => alert.Severity >= MinSeverity
        && alert.Severity <= MaxSeverity
        && (Environments.Count == 0 || IsOne(Environments, alert.Environment))
        && (AnomalyTypes.Count == 0 || (alert.AnomalyType is { } type && IsOne(AnomalyTypes, type)))
        && (Incidents.Count == 0 || Incidents.Contains(alert.IncidentId, StringComparer.Ordinal));

    private static bool IsOne(IReadOnlyList<string> patterns, string name) => patterns.Any(p => NamePattern.Matches(p, name));
}
