using Culprit.Engine.Correlation;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Alerting;

/// <summary>Finds the incident of which another is only a symptom: its services all wait for what that one's explanation blames.</summary>
internal static class Inhibition
{
    /// <summary>
    /// Those that may hold the incident back, the earliest first. A symptom began later, is no worse, touches nothing but services that call
    /// the suspected cause directly or over others, and has no cause of its own beside it; the service that is blamed is never one.
    /// </summary>
    /// <param name="open">All that are open.</param>
    /// <param name="edges">Of the environment.</param>
    public static IReadOnlyList<KnownIncident> CausesOf(KnownIncident incident, IEnumerable<KnownIncident> open, IReadOnlyList<ServiceEdge> edges)
    {
        if (incident.Alert is not { Services.Count: > 0 } alert)
        {
            return [];
        }

        var candidates = open.Where(c => c.Id != incident.Id
                && c.Environment == incident.Environment
                && c.SuspectedCause is not null
                && c.Act?.Kind != ActKind.Resolved
                && c.Alert is { } told && told.Severity >= alert.Severity && IsEarlier(told, alert))
            .OrderBy(c => c.Alert!.StartedAt).ThenBy(c => c.Id, StringComparer.Ordinal).ToList();
        if (candidates.Count == 0)
        {
            return [];
        }

        var calls = new Relatedness(edges);
        return [.. candidates.Where(c => IsBehind(NodeName.Normalise(c.SuspectedCause!)))];

        bool IsBehind(string cause) => alert.Services.All(s => calls.Calls(NodeName.Normalise(s), cause))
            && (incident.SuspectedCause is not { } own || NodeName.Normalise(own) is var node && (node == cause || calls.Calls(node, cause)));
    }

    /// <remarks>An order without ties, so that no two hold each other back.</remarks>
    private static bool IsEarlier(Alert cause, Alert symptom) => cause.StartedAt is { } first && symptom.StartedAt is { } second
        && (first < second || (first == second && string.CompareOrdinal(cause.IncidentId, symptom.IncidentId) < 0));
}
