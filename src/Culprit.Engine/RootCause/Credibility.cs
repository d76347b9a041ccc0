using System.Text.RegularExpressions;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>How far an accusation is believed: by how it knows, by the health of the accused, and by who else complains.</summary>
internal sealed partial class Credibility(Dossier dossier, CandidateSet candidates)
{
    /// <summary>What a complaint of a time-out is worth when the caller has just been told to wait less long.</summary>
    private const double OfTheImpatient = 0.25;

    /// <summary>A change of how long a caller waits is remembered for so long.</summary>
    private static readonly TimeSpan PatienceMemory = TimeSpan.FromMinutes(30);

    /// <summary>Clocks of replicas differ.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(2);

    /// <summary>0 to 1: the part of the pattern's evidence that passes to the callee.</summary>
    /// <param name="accusers">Callers that complain of the callee.</param>
    public double Of(Candidate caller, ScoredPattern pattern, BlameKind kind, Candidate callee, int accusers)
    {
        var willing = caller.Fault.Points() >= 3 ? 0.3 : IsFirstHand(kind) ? 0.95 : accusers >= 2 ? 0.9 : 0.85;
        var patience = kind == BlameKind.TimedOut && HasNewPatience(caller, pattern) ? OfTheImpatient : 1;
        return willing * patience * Certainty(kind) * Plausibility(caller, callee, accusers, kind);
    }

    /// <summary>Trouble that begins long after the caller's explains it less.</summary>
    public static double InTime(Candidate caller, Candidate callee)
    {
        if (caller.Onset is not { } first || callee.Onset is not { } later || callee.Evidence is null)
        {
            return 1;
        }

        var late = (later - first).TotalSeconds - 10;
        return late <= 0 ? 1 : Math.Max(0.2, Math.Exp(-late / 60));
    }

    /// <summary>Whoever was just told to wait less long says the same of everybody that it calls.</summary>
    private bool HasNewPatience(Candidate caller, ScoredPattern pattern) => dossier.Changes.Any(c =>
        c.Service is { } service && NodeName.Normalise(service) == caller.Node
        && c.At >= pattern.Pattern.FirstAt - PatienceMemory && c.At <= pattern.Pattern.FirstAt + ClockSlack
        && Patience().IsMatch(c.Summary + c.Diff));

    [GeneratedRegex("time-?_?out|deadline|patience", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Patience();

    private static double Certainty(BlameKind kind) => kind switch
    {
        BlameKind.Refused or BlameKind.Unavailable => 1,
        BlameKind.Full => 0.95,
        BlameKind.AnsweredError or BlameKind.BadAnswer or BlameKind.Certificate => 0.95,
        BlameKind.Unresolved => 0.9,
        BlameKind.Exhausted => 0.85,
        BlameKind.Slow => 0.75,
        BlameKind.Reset or BlameKind.TimedOut => 0.8,
        BlameKind.Failed => 0.55,
        BlameKind.Denied => 0.5,
        BlameKind.PoolEmpty => 0.35, // A pool of its own: whoever leaks from it or made it too small is the same service.
        BlameKind.Deadlock => 0.3,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)kind}."),
    };

    /// <summary>How believable an accusation is: a peer that logs as always is rarely the one that failed, unless it answered with the failure itself.</summary>
    private double Plausibility(Candidate caller, Candidate callee, int accusers, BlameKind kind) => callee.Telemetry switch
    {
        // First-hand: the answer was wrong, said to be an error, or showed a certificate. Who gives such answers need not know it.
        _ when IsFirstHand(kind) => 0.95,
        Telemetry.Silent => 1,
        Telemetry.None => 0.9,
        Telemetry.Failing => Math.Max(InTime(caller, callee), OfTheHealthy(callee, accusers)),
        Telemetry.Normal when callee.Metric is { IsResource: true } => 0.9,
        Telemetry.Normal => OfTheHealthy(callee, accusers),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown telemetry {(byte)callee.Telemetry}."),
    };

    private static bool IsFirstHand(BlameKind kind) => kind is BlameKind.BadAnswer or BlameKind.AnsweredError or BlameKind.Certificate;

    /// <summary>Who is slow seldom says so. When half of those who call it complain it is believed; when one of many does, that one is doubted.</summary>
    private double OfTheHealthy(Candidate callee, int accusers) => accusers switch
    {
        1 => candidates.CallersOf(callee) <= 1 ? 0.3 : 0.15,
        _ => 2 * accusers >= candidates.CallersOf(callee) ? 0.8 : 0.6,
    };
}
