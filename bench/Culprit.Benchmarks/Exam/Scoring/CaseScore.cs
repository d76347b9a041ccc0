using Culprit.Benchmarks.Exam.Faults;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>How the engine did on one fault in one form of telemetry.</summary>
internal sealed record CaseScore
{
    /// <summary>After its end a fault may still be noticed for so long.</summary>
    private static readonly TimeSpan Tail = TimeSpan.FromMinutes(2);

    public required FaultLabel Label { get; init; }

    public required SpanForm Form { get; init; }

    /// <summary>Seconds from the beginning of the fault; null when it was not found.</summary>
    public double? DelaySeconds { get; init; }

    /// <summary>The same from the first call that the fault hit; null without such a call.</summary>
    public double? DelaySinceHitSeconds => Label.FirstAffectedCall is { } first && DelaySeconds is { } delay
        ? Math.Max(0, delay - (first - Label.Start).TotalSeconds) : null;

    /// <summary>Incidents that name one of the affected, from the fault's beginning to the case's end; one is right.</summary>
    public int Incidents { get; init; }

    public string AnomalyType { get; init; } = string.Empty;

    /// <summary>Whose anomaly opened the incident.</summary>
    public string Detector { get; init; } = string.Empty;

    public bool IsTypeRight { get; init; }

    /// <summary>Place of the root among the services named; 0 when it is not among them.</summary>
    public int Rank { get; init; }

    public double Confidence { get; init; }

    public bool IsAbstained { get; init; }

    /// <summary>The engine was told when the fault was.</summary>
    public bool IsTold { get; init; }

    /// <summary>Score of the first hypothesis.</summary>
    public double Best { get; init; }

    /// <summary>Score of the second; 0 without one.</summary>
    public double Second { get; init; }

    /// <summary>Independent kinds of evidence for the first.</summary>
    public int Signals { get; init; }

    public bool IsChangeRight { get; init; }

    public IReadOnlyList<string> Named { get; init; } = [];

    /// <summary>Incidents before the fault.</summary>
    public int Before { get; init; }

    /// <summary>Incidents during or after the fault that name nothing affected by any fault of the case.</summary>
    public int Beside { get; init; }

    /// <summary>What was said of each of those.</summary>
    public IReadOnlyList<string> False { get; init; } = [];

    public bool IsFound => DelaySeconds is not null;

    /// <summary>Scores what was found of one case, told or not.</summary>
    public static IEnumerable<CaseScore> Of(IReadOnlyList<FaultLabel> labels, SpanForm form, bool isTold, IReadOnlyList<FoundIncident> incidents) =>
        isTold ? [Told(labels, form, incidents)] : Of(labels, form, incidents);

    /// <summary>Scores the faults of one case together: an incident is the find of one fault only.</summary>
    public static IEnumerable<CaseScore> Of(IReadOnlyList<FaultLabel> labels, SpanForm form, IReadOnlyList<FoundIncident> incidents)
    {
        var start = labels[0].Start;
        var before = incidents.Count(i => i.DetectedAt < start);
        var during = incidents.Where(i => i.DetectedAt >= start).OrderBy(i => i.DetectedAt).ToList();
        var beside = during.Where(i => labels.All(l => !Names(i, l))).ToList();
        List<string> wrong = [.. incidents.Where(i => i.DetectedAt < start).Concat(beside).Select(i => i.ToString())];
        var taken = new HashSet<FoundIncident>(ReferenceEqualityComparer.Instance);
        foreach (var label in labels)
        {
            var own = during.Where(i => labels.Count == 1 ? Names(i, label) : Nearest(i, labels) == label).ToList();
            var found = own.Find(i => i.DetectedAt <= label.End + Tail && taken.Add(i));
            yield return Of(label, form, found) with { Incidents = own.Count, Before = before, Beside = beside.Count, False = wrong };
        }
    }

    /// <summary>Scores the answer to the question about the fault's time. Of two faults at once, either is right.</summary>
    public static CaseScore Told(IReadOnlyList<FaultLabel> labels, SpanForm form, IReadOnlyList<FoundIncident> incidents)
    {
        var label = labels[0] with { Also = [.. labels.SelectMany(l => (IEnumerable<string>)[l.RootCause, .. l.Also])] };
        return Of(label, form, incidents.Count > 0 ? incidents[0] : null) with { IsTold = true, Incidents = incidents.Count };
    }

    private static CaseScore Of(FaultLabel label, SpanForm form, FoundIncident? found)
    {
        if (found is null)
        {
            return new CaseScore { Label = label, Form = form };
        }

        var first = found.Causes.Count > 0 ? found.Causes[0] : null;
        return new CaseScore
        {
            Label = label,
            Form = form,
            DelaySeconds = (found.DetectedAt - label.Start).TotalSeconds,
            AnomalyType = found.AnomalyType,
            Detector = found.Detector,
            IsTypeRight = label.AnomalyTypes.Contains(found.AnomalyType),
            Rank = found.RankOf([label.RootCause, .. label.Also]),
            Confidence = first?.Confidence ?? 0,
            IsAbstained = found.IsAbstained,
            Best = first?.Score ?? 0,
            Second = found.Causes.Count > 1 ? found.Causes[1].Score : 0,
            Signals = first?.Signals ?? 0,
            IsChangeRight = (first?.ChangeId ?? "none") == label.Change,
            Named = [.. found.Causes.Take(3).Select(c => c.Service)],
        };
    }

    private static bool Names(FoundIncident incident, FaultLabel label) => Common(incident, label) > 0;

    /// <summary>Of two faults the one whose root is named, else the one with more of the services in common.</summary>
    private static FaultLabel? Nearest(FoundIncident incident, IReadOnlyList<FaultLabel> labels) =>
        labels.Where(l => Names(incident, l)).MaxBy(l => (NamesRoot(incident, l), Common(incident, l)));

    private static bool NamesRoot(FoundIncident incident, FaultLabel label) =>
        incident.Services.Contains(label.RootCause) || incident.RankOf([label.RootCause, .. label.Also]) == 1;

    private static int Common(FoundIncident incident, FaultLabel label) =>
        incident.Services.Count(s => s == label.RootCause || label.Also.Contains(s) || label.AffectedServices.Contains(s));
}
