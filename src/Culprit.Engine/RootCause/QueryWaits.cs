using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>Lays the time that services wait for their queries at the door of whoever answers them.</summary>
/// <remarks>
/// A database sends no spans: the time that it takes looks like its caller's own work. When a query is slower than before, the database is,
/// unless its one slow caller was just changed: then it may ask for more.
/// </remarks>
internal static class QueryWaits
{
    /// <summary>A change of the one who asks is remembered for so long.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);

    public static void Settle(Dossier dossier, CandidateSet candidates)
    {
        var waits = candidates.All.ToList()
            .SelectMany(c => c.Traces.Findings.Where(f => f.WaitsFor != ResourceClass.None && TraceSupport.PointsOf(f) > 0).Select(f => (Caller: c, Finding: f, Asked: Asked(c, f, candidates))))
            .ToList();
        var callers = waits.SelectMany(w => w.Asked.Select(a => (a.Callee, w.Caller))).GroupBy(a => a.Callee).ToDictionary(g => g.Key, g => g.Select(a => a.Caller).Distinct().Count());
        foreach (var (caller, finding, asked) in waits)
        {
            var answers = asked.OrderByDescending(a => callers[a.Callee]).ThenByDescending(a => a.Callee.Accusations.Count)
                .ThenByDescending(a => a.Confidence).ThenBy(a => a.Callee.Node, StringComparer.Ordinal).Select(a => a.Callee).FirstOrDefault();
            if (answers is not null && (callers[answers] > 1 || !WasChanged(caller, dossier)))
            {
                caller.Traces = new TraceSupport([.. caller.Traces.Findings.Where(f => f != finding)]);
                caller.WaitedFor = answers;
                answers.Traces = new TraceSupport([.. answers.Traces.Findings, finding with { Service = answers.Name }]);
            }
        }
    }

    /// <summary>What it is known to ask that is of this kind and sends no telemetry.</summary>
    private static List<(Candidate Callee, double Confidence)> Asked(Candidate caller, TraceFinding finding, CandidateSet candidates) =>
    [
        .. candidates.EdgesFrom(caller).Where(e => InfrastructureWords.OfNode(e.Callee)?.Class == finding.WaitsFor)
            .SelectMany(e => candidates.Named(e.Callee).Where(c => c.Evidence is null && c.Kind == CauseKind.Dependency).Select(c => (c, e.Confidence))),
    ];

    private static bool WasChanged(Candidate caller, Dossier dossier) => dossier.Changes.Any(c =>
        !c.IsCrash && c.Service is { } service && NodeName.Normalise(service) == caller.Node
        && c.At >= dossier.Incident.StartedAt - Memory && c.At <= dossier.At);
}
