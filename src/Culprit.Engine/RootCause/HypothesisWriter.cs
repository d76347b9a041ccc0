using System.Globalization;

namespace Culprit.Engine.RootCause;

/// <summary>Writes what speaks for and against each candidate, with the records that show it.</summary>
internal sealed class HypothesisWriter(Dossier dossier, CandidateSet candidates, EvidenceScale scale)
{
    private const int MaxOfAKind = 3;

    private int _evidence;

    public Hypothesis Write(Candidate candidate, double confidence, IReadOnlyList<Candidate> failing)
    {
        var pro = new List<EvidenceItem>();
        var contra = new List<EvidenceItem>();
        OwnPatterns(candidate, pro, contra);
        Accusations(candidate, pro, contra, failing);
        Graph(candidate, pro, failing);
        Circumstances(candidate, pro, contra, failing);
        var first = candidate.IsHosted ? candidate.FirstComplaint?.Caller : null;
        return new Hypothesis
        {
            Kind = candidate.Kind,
            Service = first?.Name ?? candidate.Name,
            Resource = first is null ? null : candidate.Name,
            Confidence = Math.Round(confidence, 2),
            Score = Math.Round(candidate.Score, 3),
            Nature = CauseNatures.Of(candidate, dossier),
            ChangeId = candidate.Change?.Change.Id,
            For = Numbered(pro),
            Against = Numbered(contra),
        };
    }

    private List<EvidenceItem> Numbered(List<EvidenceItem> items) =>
        [.. items.Select(i => i with { Id = string.Create(CultureInfo.InvariantCulture, $"e{++_evidence}") })];

    private void OwnPatterns(Candidate candidate, List<EvidenceItem> pro, List<EvidenceItem> contra)
    {
        var name = QuotedText.Name(candidate.Name);
        var minutes = candidate.Evidence?.BaselineMinutes ?? 0;
        var own = candidate.Patterns
            .Where(p => p.Mass > 0 && !candidate.Accuses.Exists(a => a.Pattern == p))
            .OrderByDescending(p => p.Mass).Take(MaxOfAKind);
        foreach (var pattern in own)
        {
            var said = $"{name} logged {QuotedText.Quote(pattern.Text)} ({Wording.Against(pattern, minutes, scale.WindowMinutes)})";
            if (pattern.IsSymptom)
            {
                Add(contra, $"{said}: it only waited for somebody else", pattern, -pattern.Mass / 2);
            }
            else
            {
                Add(pro, pattern.Fault == SelfFault.None ? said : $"{said}: {Admits(pattern.Fault)}", pattern, pattern.Mass);
            }
        }

        foreach (var accusation in candidate.Accuses.OrderByDescending(a => a.Share * a.Pattern.Mass).Take(MaxOfAKind))
        {
            var quote = QuotedText.Quote(accusation.Pattern.Text);
            var callee = Wording.Subject(accusation.Callee);
            if (accusation.Share >= 0.3)
            {
                Add(contra, $"its error {quote} points to {callee}", accusation.Pattern, -accusation.Share * accusation.Pattern.Mass);
            }
            else
            {
                Add(pro, $"{name} logged {quote} ({Wording.Against(accusation.Pattern, minutes, scale.WindowMinutes)}), but {callee} {Health(accusation.Callee)}",
                    accusation.Pattern, (1 - accusation.Share) * accusation.Pattern.Mass);
                Add(contra, $"the same error accuses {callee}", null, -accusation.Share * accusation.Pattern.Mass);
            }
        }
    }

    private void Accusations(Candidate candidate, List<EvidenceItem> pro, List<EvidenceItem> contra, IReadOnlyList<Candidate> failing)
    {
        var name = Wording.Subject(candidate);
        foreach (var accusation in candidate.Accusations.OrderByDescending(a => a.Share * a.Pattern.Mass).Take(MaxOfAKind))
        {
            var caller = QuotedText.Name(accusation.Caller.Name);
            var how = accusation.IsNamed
                ? ""
                : $"; {name} is its declared dependency of that kind";
            var against = Wording.Against(accusation.Pattern, accusation.Caller.Evidence?.BaselineMinutes ?? 0, scale.WindowMinutes);
            Add(pro, $"{caller} says {QuotedText.Quote(accusation.Pattern.Text)} ({against}){how}", accusation.Pattern,
                accusation.Share * accusation.Pattern.Mass);
        }

        Consequences(candidate, pro);
        var accusers = candidate.Accusers.OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
        if (accusers.Count >= 2)
        {
            Add(pro, $"{accusers.Count} services blame it: {string.Join(", ", accusers.Take(5).Select(c => QuotedText.Name(c.Name)))}", null, 0.6 * Math.Log(accusers.Count));
        }

        if (accusers.Count == 1 && candidate.Telemetry == Telemetry.None)
        {
            Add(contra, $"only {QuotedText.Name(accusers[0].Name)} says so, and {name} sends no telemetry of its own: wrong settings or a broken network at {QuotedText.Name(accusers[0].Name)} would look the same", null, -0.3);
        }

        if (Wording.IsGeneral(candidate))
        {
            Add(contra, $"the messages do not say which {candidate.Name} it is", null, -0.1);
        }

        foreach (var caller in failing.Where(c => c != candidate && !candidate.Accusations.Exists(a => a.Caller == c)
            && c.Accuses.Exists(a => a.Share >= 0.3) && candidates.Edge(c, candidate) is not null).Take(MaxOfAKind))
        {
            var other = caller.Accuses.OrderByDescending(a => a.Share).First();
            Add(contra, $"{QuotedText.Name(caller.Name)} depends on it too, but names {Wording.Subject(other.Callee)}", other.Pattern, -0.2);
        }
    }

    /// <summary>What followed at the accusers: their further errors, and the errors of those who call them.</summary>
    private static void Consequences(Candidate candidate, List<EvidenceItem> pro)
    {
        if (candidate.Accusations.Where(a => a.Share >= 0.4).MinBy(a => a.Pattern.Pattern.FirstAt) is not { } first)
        {
            return;
        }

        var caller = first.Caller;
        var said = QuotedText.Name(caller.Name);
        foreach (var pattern in caller.Patterns
            .Where(p => p.Mass > 0 && p.Fault == SelfFault.None && p.Pattern.FirstAt >= first.Pattern.Pattern.FirstAt
                && !caller.Accuses.Exists(a => a.Pattern == p))
            .Take(2))
        {
            var later = Wording.Span(pattern.Pattern.FirstAt - first.Pattern.Pattern.FirstAt);
            Add(pro, $"{said} logged {QuotedText.Quote(pattern.Text)} {later} after it, as a consequence", pattern, 0.6 * first.Share * pattern.Mass);
        }

        var victims = caller.Accusations.Where(a => a.Share >= 0.3).ToList();
        if (victims.Count > 0)
        {
            var names = string.Join(", ", victims.Select(a => QuotedText.Name(a.Caller.Name)).Distinct().Order(StringComparer.Ordinal).Take(5));
            Add(pro, $"{names} in turn {(victims.Count == 1 ? "blames" : "blame")} {said}", victims[0].Pattern,
                first.Share * victims.Sum(a => a.Share * a.Pattern.Mass));
        }
    }

    private static void Graph(Candidate candidate, List<EvidenceItem> pro, IReadOnlyList<Candidate> failing)
    {
        foreach (var caller in failing.Where(c => c != candidate && !candidate.Accusations.Exists(a => a.Caller == c)))
        {
            var explained = caller.ExplainedBy.Find(e => e.Callee == candidate);
            if (explained.Callee is null || pro.Count(i => i.RecordIds.Count == 0) > MaxOfAKind)
            {
                continue;
            }

            var when = candidate.Onset is { } own && caller.Onset is { } later && later > own
                ? $" and began to fail {Wording.Span(later - own)} later"
                : " and fails at the same time";
            Add(pro, $"{QuotedText.Name(caller.Name)} depends on it ({explained.Reason}){when}", null, explained.Share * caller.Own * 0.5);
        }
    }

    private void Circumstances(Candidate candidate, List<EvidenceItem> pro, List<EvidenceItem> contra, IReadOnlyList<Candidate> failing)
    {
        var name = QuotedText.Name(candidate.Name);
        if (candidate.Telemetry == Telemetry.Silent)
        {
            Add(pro, candidate.Evidence?.LastRecordAt is { } last ? $"{name} fell silent: its last record is of {Wording.Time(last)}" : $"{name} is silent since the start", null, 0.5);
        }

        if (candidate.Telemetry == Telemetry.Normal && candidate.Accusations.Count > 0)
        {
            Add(contra, $"{name} {Health(candidate)}", null, -1);
        }

        foreach (var finding in candidate.Traces.Findings.Where(f => TraceSupport.PointsOf(f) >= 0.3).Take(MaxOfAKind))
        {
            Add(pro, finding.Text, null, TraceSupport.PointsOf(finding));
        }

        if (candidate.WaitedFor is { } answers)
        {
            Add(contra, $"its time goes by waiting for {Wording.Subject(answers)}", null, -0.5);
        }

        if (candidate.Metric is { Metric: var metric } shift)
        {
            var unit = metric.Unit.Length > 0 ? " " + QuotedText.Name(metric.Unit) : "";
            Add(pro, $"{QuotedText.Name(metric.Metric)} of {name} reached {Wording.Number(metric.Value)}{unit} at {Wording.Time(metric.At)} against a median of {Wording.Number(metric.Median)}{unit} over {metric.BaselinePoints} points", null, shift.Points);
        }

        if (candidate.Change is { Change: var change } effect)
        {
            Add(pro, $"{QuotedText.Name(change.Kind)} {QuotedText.Name(change.Id)} {QuotedText.Quote(change.Summary)} {effect.Reason}", null, effect.Points);
        }

        var first = failing.Where(c => c.Onset is not null).OrderBy(c => c.Onset).ThenBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault();
        if (first is not null && candidate.Onset is { } at && first != candidate && at - first.Onset!.Value >= TimeSpan.FromSeconds(5))
        {
            Add(contra, $"its first trouble comes {Wording.Span(at - first.Onset.Value)} after that of {QuotedText.Name(first.Name)}", null, -0.2);
        }

        if (candidate.Telemetry == Telemetry.None)
        {
            foreach (var other in candidates.All.Where(c => c != candidate && c.Telemetry == Telemetry.None && c.Kept >= 0.5
                && candidate.Kept >= 0.5 && c.Accusations.Count > 0).Take(1))
            {
                Add(contra, $"{Wording.Subject(other)} is reported failing in the same {Wording.Span(dossier.At - dossier.Incident.StartedAt)}: a common host or network of both is not ruled out", null, -0.2);
            }
        }
    }

    private string Health(Candidate candidate) => candidate.Telemetry switch
    {
        Telemetry.Normal when candidate.Evidence is null => "shows nothing unusual",
        Telemetry.Normal => string.Create(CultureInfo.InvariantCulture, $"logs as always: {candidate.Evidence!.Records} records since {Wording.Time(dossier.Incident.StartedAt)}, no unusual errors"),
        Telemetry.Failing => "began to fail only later, or is not the only one it accuses",
        Telemetry.None => "sends no telemetry and the message is not specific",
        Telemetry.Silent => "is silent",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown telemetry {(byte)candidate.Telemetry}."),
    };

    private static string Admits(SelfFault fault) => fault switch
    {
        SelfFault.OutOfMemory => "it ran out of memory",
        SelfFault.DiskFull => "its disk is full",
        SelfFault.OpenFiles => "it has too many files or connections open",
        SelfFault.Crash => "it crashed",
        SelfFault.Deadlock => "its transactions block one another",
        SelfFault.CertificateExpired => "a certificate expired",
        SelfFault.Exception => "an exception in its own code",
        SelfFault.None => throw new ArgumentOutOfRangeException(nameof(fault)),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown fault {(byte)fault}."),
    };

    private static void Add(List<EvidenceItem> items, string text, ScoredPattern? pattern, double weight) =>
        items.Add(new EvidenceItem("", text, pattern is null ? [] : [.. pattern.Pattern.Samples.Select(s => s.Id).Distinct()], Math.Round(weight, 2)));
}
