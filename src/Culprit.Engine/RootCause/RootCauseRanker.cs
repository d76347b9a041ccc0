using Culprit.Engine.Records;
using Culprit.Engine.RootCause.Changes;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>Ranks the services and dependencies near an incident by the evidence that each is its cause.</summary>
/// <remarks>
/// Pure: the same dossier gives the same report, whatever the order of its lists. Families of evidence add up with
/// soft caps; evidence of callers passes to those they complain about (<see cref="BlameFlow"/>). See docs/root-cause.md.
/// </remarks>
internal class RootCauseRanker(RunbookLibrary runbooks)
{
    private const int MaxHypotheses = 5;

    private const int MaxSeenChanges = 20;

    /// <summary>Changes so long before an incident are listed with it.</summary>
    private static readonly TimeSpan SeenBefore = TimeSpan.FromHours(2);

    /// <summary>Below this score nothing stands out: one new error of no clear kind stays under it.</summary>
    private const double MinScore = 0.9;

    /// <summary>Candidates below this part of the best score are reported as ruled out.</summary>
    private const double MinShare = 0.3;

    /// <summary>Fewer traces than this are anecdotes.</summary>
    private const int MinTraces = 10;

    public virtual RootCauseReport Rank(Dossier dossier)
    {
        var candidates = new CandidateSet(dossier);
        var scale = new EvidenceScale(dossier, candidates);
        foreach (var candidate in candidates.All.ToList())
        {
            candidate.Traces = TracesOf(dossier, candidate);
            candidate.Metric = MetricOf(dossier, candidate);
            scale.Weigh(candidate);
        }

        var flow = new BlameFlow(dossier, candidates);
        flow.Run();
        QueryWaits.Settle(dossier, candidates);
        Score(dossier, candidates, flow);
        var changes = JudgeChanges(dossier, candidates);

        var failing = candidates.All
            .Where(c => c.Own >= EvidenceScale.MinOwn)
            .OrderBy(c => c.Onset ?? DateTimeOffset.MaxValue).ThenBy(c => c.Name, StringComparer.Ordinal).ToList();
        return Report(dossier, candidates, scale, changes, failing, Ranked(candidates));
    }

    private static MetricShift? MetricOf(Dossier dossier, Candidate candidate) => dossier.Metrics
        .Where(m => string.Equals(m.Service, candidate.Name, StringComparison.OrdinalIgnoreCase)
            || (candidate.Kind == CauseKind.Dependency && NodeName.Normalise(m.Service) == candidate.Node))
        .Select(m => MetricShift.Of(m, dossier.Metrics, dossier.TracesSeen == 0)).OfType<MetricShift>()
        .OrderByDescending(m => m.Points).ThenBy(m => m.Metric.Metric, StringComparer.Ordinal).ThenBy(m => m.Metric.At)
        .FirstOrDefault();

    private static TraceSupport TracesOf(Dossier dossier, Candidate candidate)
    {
        var findings = dossier.Traces.Where(f => f.Service == candidate.Name).ToList();
        return findings.Count > 0 ? new TraceSupport(findings) : TraceSupport.None;
    }

    private static void Score(Dossier dossier, CandidateSet candidates, BlameFlow flow)
    {
        // Traces tell where in a request the trouble is; beside them counts of lines, which follow the load, say half as much.
        var lines = dossier.TracesSeen >= MinTraces && dossier.Traces.Count > 0 ? 0.5 : 1;

        // Dependencies were found meanwhile; a database without logs may still have metrics.
        foreach (var dependency in candidates.All.Where(c => c.Kind == CauseKind.Dependency))
        {
            dependency.Metric = MetricOf(dossier, dependency);
        }

        flow.Follow(c => c.Traces.Points, (c, points) => c.Shown = points);
        flow.Follow(c => c.Metric is { IsOwn: false } ? c.Metric.Points : 0, (c, points) => c.Waiting = points);
        var first = candidates.All.Where(c => c.Kept >= EvidenceScale.MinOwn).Select(c => c.Onset).Min();
        foreach (var candidate in candidates.All)
        {
            // Metrics and changes support other evidence; alone they are a third of what they could be, or nothing.
            var supported = dossier.HasMetricsOnly ? 1 : Math.Min(1, candidate.Kept + candidate.Shown);
            var score = (lines * Promptness(candidate, first, lines) * Rise.SoftCap(candidate.Kept)) + Rise.SoftCap(candidate.Shown);
            score += Rise.SoftCap(candidate.Waiting + (candidate.Metric is { IsOwn: true } own ? own.Points : 0)) * (0.33 + (0.67 * supported));
            score += candidate.Accusers.Count() is >= 2 and var n ? 0.6 * Math.Log(n) * supported : 0;
            candidate.Score = score;
        }
    }

    /// <summary>What its lines count: late starters lose up to 40 %. Requests and metrics have no part in when a line first came.</summary>
    private static double Promptness(Candidate candidate, DateTimeOffset? first, double lines)
    {
        var late = candidate.Onset is { } onset && first is { } start ? Math.Max(0, (onset - start).TotalSeconds) : 0;
        return 1 - (0.4 * lines * (1 - Math.Exp(-late / 60)));
    }

    /// <summary>Gives each suspect the change that explains it, if one does, and what that adds.</summary>
    private static ChangeJudge JudgeChanges(Dossier dossier, CandidateSet candidates)
    {
        var suspects = Ranked(candidates);
        var judge = new ChangeJudge(dossier, suspects, [.. candidates.All.Where(c => c.Kind == CauseKind.Service).Select(c => c.Name)]);
        for (var i = 0; i < suspects.Count && judge.Outside is null; i++)
        {
            var suspect = suspects[i];
            var supported = Math.Min(1, suspect.Kept + suspect.Shown + (suspect.Metric is { IsOwn: true } used ? used.Points / 4 : 0));

            // What was changed for all (shared code) is blamed on the first suspect only.
            var verdict = judge.Verdicts.FirstOrDefault(v => v.Suspect == suspect.Name || (i == 0 && v.Suspect is null && v.Service is null));
            if (verdict is { Score: >= ChangeJudge.MinScore } && supported >= 0.3)
            {
                suspect.Change = new ChangeEffect(verdict.Change, verdict.At, Math.Min(2, 4 * verdict.Score), verdict.Reason);
                suspect.Score += Rise.SoftCap(suspect.Change.Points) * supported;
            }
        }

        return judge;
    }

    private static List<Candidate> Ranked(CandidateSet candidates) =>
    [
        .. candidates.All.Where(c => c.Score > 0.05)
            .OrderByDescending(c => Math.Round(c.Score, 6)).ThenBy(c => c.Onset ?? DateTimeOffset.MaxValue).ThenBy(c => c.Name, StringComparer.Ordinal),
    ];

    private RootCauseReport Report(
        Dossier dossier, CandidateSet candidates, EvidenceScale scale, ChangeJudge changes, List<Candidate> failing, List<Candidate> ranked)
    {
        var signals = ranked.Count > 0 ? Signals.Of(ranked[0], candidates) : 0;
        var verdict = Verdict.Of([.. ranked.Select(c => c.Score)], MinScore, signals, scale.WindowMinutes);

        // What sends no telemetry was never seen to fail: whoever says that it did stays an alternative.
        var witness = ranked.Count > 0 && ranked[0].Telemetry == Telemetry.None
            ? ranked[0].Accusations.OrderByDescending(a => a.Share * a.Pattern.Mass).ThenBy(a => a.Caller.Name, StringComparer.Ordinal).FirstOrDefault()?.Caller : null;
        var shown = ranked.Where((c, i) => i < MaxHypotheses && (c.Score >= MinShare * ranked[0].Score || c == witness)).ToList();
        var writer = new HypothesisWriter(dossier, candidates, scale);
        var hypotheses = shown.Select((c, i) => writer.Write(c, verdict.Confidences[i], failing) with { Signals = Signals.Of(c, candidates) }).ToList();
        var cause = shown.FirstOrDefault();
        var runbook = cause is null ? null : RunbookFor(dossier, cause, failing);
        var action = verdict.Abstains || cause is null
            ? StandardAction.Unclear
            : ActionOf(runbook, cause) ?? StandardAction.For(cause);
        return new RootCauseReport
        {
            RootCause = verdict.Abstains || cause is null
                ? CauseSentence.Unclear(shown, candidates.All.Count(c => c.Kind == CauseKind.Service))
                : CauseSentence.Of(cause, failing),
            Hypotheses = hypotheses,
            RuledOut = new Dismissals(candidates, scale, changes).Write(shown, failing),
            RecommendedAction = action,
            Severity = SeverityRule.Of(failing),
            Confidence = verdict.Abstains ? 0 : hypotheses[0].Confidence,
            Abstained = verdict.Abstains,
            SeenChanges =
            [
                .. dossier.Changes.Where(c => c.Source == ChangeEvidence.Logs && c.At >= dossier.Incident.StartedAt - SeenBefore)
                    .OrderBy(c => c.At).ThenBy(c => c.Id, StringComparer.Ordinal).TakeLast(MaxSeenChanges),
            ],
            Runbook = runbook is null || verdict.Abstains ? null : RunbookLibrary.Quote(runbook),
        };
    }

    private static string? ActionOf(Runbook? runbook, Candidate cause) =>
        runbook is not null && RunbookLibrary.Action(runbook) is { } step
            ? $"{step.TrimEnd('.')} ({Wording.Subject(cause)}; runbook {runbook.Path})"
            : null;

    private Runbook? RunbookFor(Dossier dossier, Candidate cause, List<Candidate> failing)
    {
        var said = cause.Accusations.Where(a => a.Share >= 0.3).Select(a => a.Pattern).Concat(cause.Patterns.Where(p => p.Gate > 0));
        return runbooks.BestMatch(
            cause.Name,
            [.. said.Select(p => p.Text).Distinct()],
            [.. failing.Select(c => c.Name)],
            [.. failing.SelectMany(c => c.Patterns).Where(p => p.Gate > 0 && p.Pattern.Severity >= Severity.Error).Select(p => p.Text).Distinct()],
            [.. dossier.Incident.Anomalies.Select(a => a.Type).Distinct()]);
    }
}
