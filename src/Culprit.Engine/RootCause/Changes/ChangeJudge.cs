using System.Globalization;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>Judges which change explains the trouble of the suspects, if any does.</summary>
/// <remarks>
/// An effect follows its cause in time and place, and looks like it: the words of the new errors against what the change
/// really altered. What no change can cause (an expired certificate, a provider that turns callers away) clears them all.
/// </remarks>
internal sealed class ChangeJudge
{
    /// <summary>Clocks of deploy tools and services differ.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15);

    /// <summary>The bend of a slow rise is a coarse moment.</summary>
    private static readonly TimeSpan RampSlack = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);

    /// <summary>Below this a change explains nothing.</summary>
    public const double MinScore = 0.05;

    /// <summary>From this share of the failing lines on, something outside is to blame and no change.</summary>
    private const double OutsideShare = 0.3;

    /// <summary>Likeness of a change that does not say what it altered.</summary>
    private const double Untold = 0.4;

    private const int HeaviestWords = 8;

    private readonly Dossier _dossier;
    private readonly IReadOnlyList<Candidate> _suspects;

    /// <param name="suspects">Best first, as ranked without changes.</param>
    public ChangeJudge(Dossier dossier, IReadOnlyList<Candidate> suspects, IReadOnlyCollection<string> services)
    {
        _dossier = dossier;
        _suspects = suspects;
        if (dossier.Changes.Count == 0 || suspects.Count == 0)
        {
            return;
        }

        Judge(EffectiveChange.Of(dossier.Changes, services));
    }

    /// <summary>Every change that was weighed, with its reason; best first.</summary>
    public IReadOnlyList<ChangeVerdict> Verdicts { get; private set; } = [];

    /// <summary>Why no change can be to blame; null when one could.</summary>
    public string? Outside { get; private set; }

    private void Judge(IReadOnlyList<EffectiveChange> changes)
    {
        var texts = FailingTexts();
        Outside = OutsideCause();
        var diffs = _dossier.Changes.Distinct().ToDictionary(c => c, c => new DiffWords(c.Diff, c.Summary + " " + string.Join(' ', c.Files)));
        var weights = WeighWords(texts, diffs.Values);
        var scale = weights.Values.OrderDescending().Take(HeaviestWords).Sum();
        Verdicts =
        [
            .. changes.GroupBy(c => c.Change.Id, StringComparer.Ordinal)
                .Select(g => g.Select(c => Score(c, diffs[c.Change], weights, scale, texts)).MaxBy(s => s.Score)!)
                .OrderByDescending(v => v.Score).ThenBy(v => v.Change.At).ThenBy(v => v.Change.Id, StringComparer.Ordinal),
        ];
    }

    private ChangeVerdict Score(
        EffectiveChange effective, DiffWords diff, Dictionary<string, double> weights, double scale, IReadOnlyList<string> texts)
    {
        var change = effective.Change;
        if (change.IsCrash)
        {
            return new ChangeVerdict(change, effective.Service, 0, "nothing says that anybody stopped it: a crash or one more instance is what trouble brings about");
        }

        var place = PlaceOf(effective, out var suspect);
        var (onset, slack) = OnsetOf(suspect ?? _suspects[0]);
        var lead = onset - effective.At;
        if (lead < -slack)
        {
            return new ChangeVerdict(change, effective.Service, 0, $"took effect {Wording.Span(lead)} after the first trouble");
        }

        var isTold = change.Kind is ChangeKind.Commit or "flag" || change.Diff is not null || change.Files.Count > 0;
        var overlap = scale > 0 ? Math.Min(2, weights.Sum(w => w.Value * diff.Closeness(w.Key)) / scale) : 0;
        overlap = isTold ? overlap : Math.Max(Untold, overlap); // A deploy's or a setting's one line need not say what it altered.
        var named = change.Files.Select(f => f[(f.LastIndexOf('/') + 1)..]).Where(f => f.Length > 3 && texts.Any(t => t.Contains(f, StringComparison.Ordinal))).Distinct().ToList();
        overlap += named.Count;
        var kind = ChangeKind.WeightOf(change);
        var score = Math.Exp(-Math.Max(0, lead.TotalSeconds) / Memory.TotalSeconds) * place * kind * (0.1 + overlap)
            * (0.5 + (0.5 * diff.NetShare)) * (diff.OnlyDeletes ? 1.3 : 1);
        var shared = weights.Where(w => diff.Closeness(w.Key) >= 0.5).OrderByDescending(w => w.Value * diff.Closeness(w.Key)).ThenBy(w => w.Key, StringComparer.Ordinal).Take(3).Select(w => w.Key).ToList();
        var looks = named.Count > 0 ? $"the errors name {QuotedText.Name(named[0])}, which it changed"
            : shared.Count > 0 ? $"the errors speak of {string.Join(", ", shared.Select(QuotedText.Name))}, as it does"
            : isTold ? "the errors do not speak of what it changed" : "what it altered is not told";
        var where = place >= 1 ? $"on {QuotedText.Name(suspect!.Name)}" : place >= 0.6 ? "on a suspect or in shared code" : "elsewhere";
        return new ChangeVerdict(change, effective.Service, score, string.Create(
            CultureInfo.InvariantCulture, $"took effect {where} {(lead < TimeSpan.Zero ? "with" : Wording.Span(lead) + " before")} the first trouble; {looks}"))
        {
            Suspect = suspect?.Name,
            At = effective.At,
        };
    }

    private double PlaceOf(EffectiveChange effective, out Candidate? suspect)
    {
        suspect = null;
        if (effective.Service is null)
        {
            return 0.6;
        }

        var node = Topology.NodeName.Normalise(effective.Service);
        suspect = _suspects.FirstOrDefault(c => c.Name == effective.Service || c.Node == node);
        return suspect is null ? 0.15 : suspect == _suspects[0] ? 1 : 0.6;
    }

    /// <summary>When a suspect's trouble began: the bend of a resource that rose into the failure, if one did.</summary>
    private (DateTimeOffset At, TimeSpan Slack) OnsetOf(Candidate suspect)
    {
        var ramp = _dossier.Metrics.Where(m => m.Service == suspect.Name && m.RisesSince is not null && MetricShift.KindOf(m.Metric) == MetricKind.Resource)
            .Select(m => m.RisesSince).Min();
        var first = _suspects.Select(s => s.Onset).Min() ?? _dossier.Incident.StartedAt;
        if (ramp is { } bend && bend < first)
        {
            return (bend, RampSlack);
        }

        // Where nobody complained before it bent, the incident's start is that of the stretch in which the rise was noticed.
        var complained = _suspects.SelectMany(s => s.Patterns).Where(p => p.Gate >= 0.5).Select(p => (DateTimeOffset?)p.Pattern.FirstAt).Min();
        return suspect is { Metric.Metric.RisesSince: { } rise, Traces.Points: < 1 } && !(complained < rise) ? (rise, RampSlack) : (first, Slack);
    }

    private List<string> FailingTexts() =>
    [
        .. _suspects.Take(5).SelectMany(s => s.Patterns).Where(p => p.Gate >= 0.5).Select(p => p.Text)
            .Concat(_suspects.Take(5).SelectMany(s => s.Traces.Findings).Where(f => TraceSupport.PointsOf(f) >= 0.3).Select(f => f.Text)),
    ];

    /// <summary>Rare words weigh more: a word that every change holds tells nothing.</summary>
    private static Dictionary<string, double> WeighWords(List<string> texts, IEnumerable<DiffWords> diffs)
    {
        var documents = diffs.Select(d => d.All.ToHashSet(StringComparer.Ordinal)).ToList();
        return texts.SelectMany(Words.Of).Distinct(StringComparer.Ordinal).ToDictionary(
            w => w, w => Math.Log((documents.Count + 1.0) / (documents.Count(d => d.Contains(w)) + 0.5)), StringComparer.Ordinal);
    }

    private string? OutsideCause()
    {
        var lines = _suspects.Take(5).SelectMany(s => s.Patterns.Where(p => p.Gate >= 0.5).Select(p => (Suspect: s, Pattern: p))).ToList();
        var all = lines.Sum(l => Math.Sqrt(l.Pattern.Pattern.Count));
        var outside = lines.Where(l => IsOutside(l.Suspect, l.Pattern)).ToList();
        return all > 0 && outside.Sum(l => Math.Sqrt(l.Pattern.Pattern.Count)) >= OutsideShare * all
            ? $"the errors speak of something that no change here brings about: {QuotedText.Quote(outside.MaxBy(l => l.Pattern.Pattern.Count).Pattern.Text)}"
            : null;
    }

    private static bool IsOutside(Candidate speaker, ScoredPattern pattern) =>
        pattern.Fault is SelfFault.CertificateExpired or SelfFault.DiskFull
        || SelfFaults.Find(pattern.Text) == SelfFault.CertificateExpired
        || speaker.Accuses.Exists(a => a.Pattern == pattern && a.Callee.Kind == CauseKind.Dependency
            && a.Blame.Kind is BlameKind.Unavailable or BlameKind.Exhausted or BlameKind.Full && a.Callee.Evidence is null);
}
