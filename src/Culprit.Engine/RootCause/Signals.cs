using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>How many independent kinds of evidence speak for a candidate.</summary>
/// <remarks>One kind can mislead however strong it is: many lines of one pattern are one signal.</remarks>
internal static class Signals
{
    public static int Of(Candidate cause, CandidateSet candidates)
    {
        bool[] kinds =
        [
            cause.Patterns.Exists(p => p.Gate >= 0.5 && !p.IsSymptom),
            cause.Fault.Points() >= 2,
            cause.Telemetry == Telemetry.Silent,
            cause.Accusations.Exists(a => a.Share >= 0.3),
            cause.Accusers.Count() >= 2,
            cause.Accusations.Exists(a => a.Share >= 0.3 && a.Caller.Accusations.Exists(v => v.Share >= 0.3)),
            candidates.All.Any(c => c.ExplainedBy.Exists(e => e.Callee == cause && e.Share >= 0.3)),
            cause.Metric is { IsResource: true },
            cause.Traces.Findings.Any(f => f.Kind is TraceFindingKind.Blame or TraceFindingKind.Errors && TraceSupport.PointsOf(f) >= 1),
            cause.Traces.Findings.Any(f => f.Kind is TraceFindingKind.Gap or TraceFindingKind.Self && TraceSupport.PointsOf(f) >= 1),
            cause.Traces.Findings.Any(f => f.Kind is TraceFindingKind.Peer && TraceSupport.PointsOf(f) >= 1),
            cause.Change is not null,
        ];
        return kinds.Count(k => k);
    }
}
