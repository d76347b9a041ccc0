using Culprit.Engine.Correlation;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause;

/// <summary>Tells the nature of a cause.</summary>
internal static class CauseNatures
{
    /// <summary>Before this, who has just fallen silent looks as if it worked.</summary>
    private static readonly TimeSpan SilenceShows = EvidenceScale.ShortestSilence + TimeSpan.FromSeconds(5);

    public static CauseNature Of(Candidate cause, Dossier dossier)
    {
        var started = dossier.Incident.StartedAt;
        if (cause.Patterns.Exists(p => p.Gate >= 0.5 && p.Fault == SelfFault.OutOfMemory && p.Pattern.FirstAt - started <= IncidentTyping.Patience))
        {
            return CauseNature.OutOfMemory;
        }

        var waits = cause.Accuses.Where(a => a.Blame.Kind == BlameKind.TimedOut && a.Pattern.Gate >= 0.5 && a.Pattern.Pattern.Severity.IsError()).ToList();
        return waits.Count > 0 && waits.TrueForAll(a => Works(a.Callee)) && dossier.At - started >= SilenceShows ? CauseNature.GivesUpTooSoon : CauseNature.Other;
    }

    private static bool Works(Candidate callee) =>
        callee is { Kind: CauseKind.Service, Telemetry: Telemetry.Normal, Traces.Points: < 1, Metric: null or { IsOwn: true } };
}
