using Culprit.Engine.Correlation;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause;

/// <summary>How bad an incident is, by a rule that people can follow.</summary>
/// <remarks>
/// Critical: 5 or more services fail, or a fatal record and 3 or more services.
/// High: 3 or more services, any fatal record, or 500 or more errors.
/// Medium: 2 services, or 5 or more errors. Low: the rest.
/// A service fails when its errors are unusual for it; routine errors do not count.
/// </remarks>
internal static class SeverityRule
{
    public static IncidentSeverity Of(IReadOnlyList<Candidate> failing)
    {
        var services = failing.Count;
        var errors = failing.Sum(c => c.Evidence?.Errors ?? 0);
        var hasFatal = failing.Any(c => c.Patterns.Any(p => p.Gate >= 0.5 && p.Pattern.Severity >= Severity.Fatal));
        return (services, errors, hasFatal) switch
        {
            ( >= 5, _, _) or ( >= 3, _, true) => IncidentSeverity.Critical,
            ( >= 3, _, _) or (_, _, true) or (_, >= 500, _) => IncidentSeverity.High,
            (2, _, _) or (_, >= 5, _) => IncidentSeverity.Medium,
            _ => IncidentSeverity.Low,
        };
    }
}
