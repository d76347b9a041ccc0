using Culprit.Engine.Correlation;

namespace Culprit.Engine.Alerting;

/// <summary>Which alerts go to which sinks. Every matcher that is set must agree.</summary>
internal sealed record AlertRoute
{
    /// <summary>Alerts below it pass by. Default: the lowest, which takes all.</summary>
    public IncidentSeverity MinSeverity { get; init; } = IncidentSeverity.Low;

    /// <summary>Names with <c>*</c> for any text; one must match. Empty takes all.</summary>
    public IReadOnlyList<string> Environments { get; init; } = [];

    /// <summary>Names with <c>*</c> for any text; one must match one of the alert's services. Empty takes all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Names of the sinks that get what matches.</summary>
    public required IReadOnlyList<string> Sinks { get; init; }

    /// <summary>True: routes further down are asked too. False (default): a match ends the search.</summary>
    public bool Continue { get; init; }

    public bool Matches(Alert alert) =>
        alert.Severity >= MinSeverity
        && (Environments.Count == 0 || Environments.Any(pattern => NamePattern.Matches(pattern, alert.Environment)))
        && (Services.Count == 0 || Services.Any(pattern => alert.Services.Any(service => NamePattern.Matches(pattern, service))));
}
