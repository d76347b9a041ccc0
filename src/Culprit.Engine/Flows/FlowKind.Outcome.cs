namespace Culprit.Engine.Flows;

/// <summary>What an ended session says about the system, as opposed to how it differs from others.</summary>
internal sealed partial class FlowKind
{
    /// <summary>What it is, and the rule that it breaks, by what is known now.</summary>
    /// <remarks>
    /// A release that words its lines anew makes every session lack a step and have a new one: a session counts as broken only if it lacks
    /// more of the usual steps than it has new ones. A step is new while most of the kind's sessions came before its first.
    /// </remarks>
    public (FlowOutcome Outcome, FlowDeviation? Deviation) OutcomeOf(FlowSession session, long nowNanos)
    {
        if (!IsJudged(session, nowNanos))
        {
            return (FlowOutcome.Unknown, null);
        }

        FlowDeviation? odd = null, fresh = null, missing = null;
        var news = 0;
        foreach (ref readonly var visit in session.Visits)
        {
            if (!_steps.TryGetValue(visit.Step, out var step))
            {
                continue;
            }

            if (2 * step.SessionsBefore > Sessions)
            {
                news += step.IsTrouble ? 0 : 1; // A release words no line anew as an error.
                fresh ??= new FlowDeviation(FlowDeviationKind.RareStep, visit.Step, -1, visit.Times, step.Sessions, Sessions);
                continue;
            }

            odd ??= Odd(visit, step);
            missing ??= Missing(session, visit, step);
        }

        return missing is not null && (news == 0 || UsualSteps(null) - UsualSteps(session) > news) ? (FlowOutcome.Broken, missing)
            : odd is not null ? (FlowOutcome.Broken, odd)
            : (missing ?? fresh) is { } changed ? (FlowOutcome.Changed, changed)
            : (FlowOutcome.Usual, null);
    }
}
