using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>Passes evidence on from those who complain to those they complain about, until it rests.</summary>
/// <remarks>
/// Explaining away: a caller's errors are explained by its callee's. Evidence flows along what
/// messages say, then along the graph; what cannot be passed on stays. Bounded rounds make cycles harmless.
/// </remarks>
internal sealed class BlameFlow(Dossier dossier, CandidateSet candidates)
{
    private const int Rounds = 8;

    /// <summary>One failure is told by so many lines of others at most.</summary>
    private const double TimesTold = 3;

    /// <summary>Fewer complaints than this account for part of what metrics and requests show only.</summary>
    private const double Many = 20;

    /// <summary>Accusations below this are hardly believed.</summary>
    private const double MinTold = 0.1;

    /// <summary>A line counts as a consequence of a failed call when it comes with it or after it; clocks of replicas differ.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(2);

    private readonly Credibility _credibility = new(dossier, candidates);
    private readonly Dictionary<Candidate, double> _evidence = [];
    private readonly Dictionary<Candidate, HashSet<Candidate>> _blamed = [];

    public void Run()
    {
        Accuse();
        foreach (var candidate in candidates.All.ToList())
        {
            Explain(candidate);
        }

        Settle();
    }

    private void Accuse()
    {
        var named = new List<(Candidate Caller, ScoredPattern Pattern, Blame Blame, Candidate Callee, double Part, bool IsNamed)>();
        foreach (var caller in candidates.All.ToList())
        {
            foreach (var pattern in caller.Patterns.Where(p => p.Mass > 0))
            {
                foreach (var blame in pattern.Blames)
                {
                    var (callees, isNamed) = candidates.Blamed(caller, blame);
                    var part = 1.0 / Math.Max(1, callees.Count * pattern.Blames.Count);
                    named.AddRange(callees.Select(c => (caller, pattern, blame, c, part, isNamed)));
                }
            }
        }

        var callers = named.GroupBy(n => n.Callee).ToDictionary(g => g.Key, g => g.Select(n => n.Caller).Distinct().Count());
        foreach (var (caller, pattern, blame, callee, part, isNamed) in named)
        {
            var share = part * _credibility.Of(caller, pattern, blame.Kind, callee, callers[callee]);
            var accusation = new Accusation(caller, callee, pattern, blame, share, isNamed);
            callee.Accusations.Add(accusation);
            caller.Accuses.Add(accusation);
            if (callee.Evidence is null && (callee.Onset is null || pattern.Pattern.FirstAt < callee.Onset))
            {
                callee.Onset = pattern.Pattern.FirstAt;
            }
        }
    }

    /// <summary>Callees whose own trouble, or whose silence towards several callers, explains errors that name nobody.</summary>
    private void Explain(Candidate caller)
    {
        if (caller.Own < EvidenceScale.MinOwn)
        {
            return;
        }

        var callees = candidates.EdgesFrom(caller)
            .SelectMany(e => candidates.Named(e.Callee).Select(c => (Callee: c, Edge: e)))
            .Where(c => c.Callee != caller && !(c.Edge.Source == EdgeSource.SharedTrace && Blames(c.Callee, caller)))
            .Select(c => (c.Callee, c.Edge, Evidence: EvidenceOf(c.Callee)))
            .Where(c => c.Evidence > 0)
            .ToList();
        var all = callees.Sum(c => c.Evidence);
        foreach (var (callee, edge, evidence) in callees)
        {
            caller.ExplainedBy.Add((callee, edge.Confidence * Credibility.InTime(caller, callee) * evidence / (all + 0.5), edge.Reason));
        }
    }

    /// <summary>Whether somebody's complaints lead to a suspect, step by step: whoever waits for it does not explain it, whatever shared ids suggest.</summary>
    private bool Blames(Candidate accuser, Candidate suspect)
    {
        if (!_blamed.TryGetValue(accuser, out var blamed))
        {
            blamed = [];
            var waiting = new Queue<Candidate>([accuser]);
            while (waiting.TryDequeue(out var next))
            {
                foreach (var callee in next.Accuses.Where(a => a.Share >= 0.3).Select(a => a.Callee).Where(blamed.Add))
                {
                    waiting.Enqueue(callee);
                }
            }

            _blamed[accuser] = blamed;
        }

        return blamed.Contains(suspect);
    }

    private double EvidenceOf(Candidate callee)
    {
        if (!_evidence.TryGetValue(callee, out var evidence))
        {
            _evidence[callee] = evidence = FindEvidence(callee);
        }

        return evidence;
    }

    private double FindEvidence(Candidate callee)
    {
        if (callee.Telemetry is Telemetry.Failing)
        {
            return callee.Own;
        }

        if (callee.Telemetry is Telemetry.Normal)
        {
            return 0;
        }

        var failingCallers = candidates.All.Count(c =>
            c != callee && c.Own >= EvidenceScale.MinOwn && candidates.Edge(c, callee) is not null);
        return (0.4 * Math.Max(0, failingCallers - 1))
            + (0.6 * callee.Accusers.Count())
            + (callee.Telemetry is Telemetry.Silent ? 0.6 : 0);
    }

    private void Settle()
    {
        var passes = candidates.All.ToDictionary(c => c, Passes);
        foreach (var (candidate, kept) in Flow(c => c.Own, passes, isShown: false))
        {
            candidate.Kept = kept;
        }
    }

    /// <summary>
    /// What else shows trouble follows what the messages say: the failing requests, the waiting and the errors of a service that
    /// lays them at another's door speak against that one. What only the graph suggests moves no such evidence.
    /// </summary>
    public void Follow(Func<Candidate, double> shown, Action<Candidate, double> settled)
    {
        var passes = candidates.All.ToDictionary(c => c, Named);
        foreach (var (candidate, kept) in Flow(shown, passes, isShown: true))
        {
            settled(candidate, kept);
        }
    }

    private static (double Lost, IReadOnlyList<(Candidate Callee, double Share)> Passed) Named(Candidate candidate)
    {
        var total = candidate.Patterns.Sum(p => p.Mass);
        if (total <= 0)
        {
            return (0, []);
        }

        return (0, [.. candidate.Accuses.GroupBy(a => a.Callee).Select(g => (Callee: g.Key, Share: g.Sum(a => a.Share * a.Pattern.Mass) / total))
            .OrderBy(p => p.Callee.Node, StringComparer.Ordinal)]);
    }

    /// <summary>
    /// How far a service's own complaints account for what its callers say of it: five dropped connections explain no hundred failed
    /// calls. A failure may be told several times, by retries and by every caller on the way.
    /// </summary>
    private static double Accounts(Candidate candidate, bool isShown)
    {
        var told = candidate.Accusations.Where(a => a.Share >= MinTold).Select(a => (a.Caller, a.Pattern.Pattern.Pattern, a.Pattern.Pattern.Count)).Distinct().Sum(a => (double)a.Count);
        var tells = candidate.Patterns.Where(p => p.Gate > 0 && p.Mass > 0).Sum(p => (double)p.Pattern.Count);
        var most = isShown ? Math.Min(1, tells / Many) : 1;
        return told <= 0 || tells <= 0 ? most : Math.Min(most, TimesTold * tells / told);
    }

    private Dictionary<Candidate, double> Flow(
        Func<Candidate, double> evidence, Dictionary<Candidate, (double Lost, IReadOnlyList<(Candidate Callee, double Share)> Passed)> passes, bool isShown)
    {
        var all = candidates.All;
        var rests = all.ToDictionary(c => c, _ => 0.0);
        var arriving = all.ToDictionary(c => c, evidence);
        for (var round = 0; round < Rounds; round++)
        {
            var next = all.ToDictionary(c => c, _ => 0.0);
            foreach (var candidate in all)
            {
                var (lost, passed) = passes[candidate];
                var able = round > 0 || isShown ? Accounts(candidate, isShown) : 1;
                rests[candidate] += arriving[candidate] * (1 - lost - (able * passed.Sum(p => p.Share)));
                foreach (var (callee, share) in passed)
                {
                    next[callee] += arriving[candidate] * able * share;
                }
            }

            arriving = next;
        }

        foreach (var candidate in all)
        {
            rests[candidate] += arriving[candidate];
        }

        return rests;
    }

    /// <summary>What part of its evidence a candidate passes to whom, and what part says nothing.</summary>
    private static (double Lost, IReadOnlyList<(Candidate Callee, double Share)> Passed) Passes(Candidate candidate)
    {
        var total = candidate.Patterns.Sum(p => p.Mass);
        if (total <= 0)
        {
            // Errors without patterns: only the graph can explain them.
            return (0, [.. candidate.ExplainedBy.Select(e => (e.Callee, 0.5 * e.Share))]);
        }

        var passed = new Dictionary<Candidate, double>();
        var lost = 0.0;
        var leading = candidate.Accuses.OrderByDescending(a => a.Share).ThenBy(a => a.Callee.Node, StringComparer.Ordinal).FirstOrDefault();
        foreach (var pattern in candidate.Patterns)
        {
            var rest = 1.0;
            void Pass(Candidate callee, double share)
            {
                passed[callee] = passed.GetValueOrDefault(callee) + (pattern.Mass * share);
                rest -= share;
            }

            var accusations = candidate.Accuses.Where(a => a.Pattern == pattern).ToList();
            foreach (var accusation in accusations)
            {
                Pass(accusation.Callee, accusation.Share);
            }

            if (accusations.Count == 0 && pattern.Fault == SelfFault.None)
            {
                if (leading is { Share: >= 0.4 } && pattern.Pattern.FirstAt >= leading.Pattern.Pattern.FirstAt - ClockSlack)
                {
                    Pass(leading.Callee, 0.6 * leading.Share);
                }

                var ready = rest * (pattern.IsSymptom ? 0.85 : 0.5);
                foreach (var (callee, share, _) in candidate.ExplainedBy)
                {
                    Pass(callee, ready * share);
                }
            }

            // A service that only waited is not the cause, even when nobody else can be named.
            lost += pattern.IsSymptom ? pattern.Mass * rest * 0.5 : 0;
        }

        return (lost / total, [.. passed.Select(p => (p.Key, p.Value / total)).OrderBy(p => p.Key.Node, StringComparer.Ordinal)]);
    }
}
