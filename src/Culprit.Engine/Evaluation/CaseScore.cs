namespace Culprit.Engine.Evaluation;

/// <summary>How the engine did on one labelled incident.</summary>
internal sealed record CaseScore
{
    public required LabelledCase Case { get; init; }

    /// <summary>Why the case could not be played; null when it was.</summary>
    public string? Problem { get; init; }

    public bool IsDetected { get; init; }

    /// <summary>Seconds from the labelled start to the detection, negative before it; null when it was told or not detected.</summary>
    public double? DelaySeconds { get; init; }

    /// <summary>Place of the labelled cause among the services named; 0 when it is not among them.</summary>
    public int Rank { get; init; }

    /// <summary>Services named, best first.</summary>
    public IReadOnlyList<string> Named { get; init; } = [];

    /// <summary>Of the first hypothesis, whether or not the ranker abstained.</summary>
    public double Confidence { get; init; }

    public bool IsAbstained { get; init; }

    /// <summary>The change blamed with the first hypothesis; null for none.</summary>
    public string? ChangeId { get; init; }

    /// <summary>Incidents that were detected before the fault: false alarms.</summary>
    public int Before { get; init; }

    /// <summary>Incidents that were detected in time; one is right.</summary>
    public int Inside { get; init; }

    /// <summary>Time that the run took.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>What a model made of it; null when none was asked.</summary>
    public ModelScore? Model { get; init; }

    public bool IsChangeRight => IsDetected && Case.Change is { } change && (ChangeId ?? "none") == change;

    /// <summary>The engine found the incident by itself: one that was detected between <paramref name="lead"/> before the start and <paramref name="tail"/> after the end counts.</summary>
    public static CaseScore Found(LabelledCase label, IReadOnlyList<ReportedIncident> incidents, TimeSpan lead, TimeSpan tail)
    {
        var inside = incidents
            .Where(i => i.DetectedAt >= label.Start - lead && i.DetectedAt <= label.End + tail)
            .OrderBy(i => i.DetectedAt).ToList();
        var score = Of(label, inside.FirstOrDefault());
        return score with
        {
            DelaySeconds = inside.Count > 0 ? (inside[0].DetectedAt - label.Start).TotalSeconds : null,
            Before = incidents.Count(i => i.DetectedAt < label.Start - lead),
            Inside = inside.Count,
        };
    }

    /// <summary>The engine was told the time of the fault and ranked its causes; the first report counts.</summary>
    public static CaseScore Told(LabelledCase label, IReadOnlyList<ReportedIncident> incidents) =>
        Of(label, incidents.Count > 0 ? incidents[0] : null) with { Inside = incidents.Count };

    private static CaseScore Of(LabelledCase label, ReportedIncident? found)
    {
        if (found is null)
        {
            return new CaseScore { Case = label };
        }

        var first = found.Causes.Count > 0 ? found.Causes[0] : null;
        return new CaseScore
        {
            Case = label,
            IsDetected = true,
            Rank = found.RankOf([.. label.RootCauses]),
            Named = [.. found.Causes.Select(c => c.Service)],
            Confidence = first?.Confidence ?? 0,
            IsAbstained = found.IsAbstained || first is null,
            ChangeId = first?.ChangeId,
        };
    }
}
