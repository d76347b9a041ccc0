namespace Culprit.Engine.RootCause;

/// <summary>How sure the ranking is, from the scores alone.</summary>
/// <param name="Abstains">Nothing stands out.</param>
/// <param name="Confidences">One for each score, best first; together at most 1.</param>
internal sealed record Verdict(bool Abstains, IReadOnlyList<double> Confidences)
{
    /// <summary>What a hypothesis may claim when the ranker abstains.</summary>
    private const double AbstainedCeiling = 0.2;

    /// <summary>What is more likely wrong than right in this measure is not claimed.</summary>
    private const double MinConfidence = 0.35;

    /// <summary>What of it may be claimed in the first moment; all of it after a minute.</summary>
    private const double Brief = 0.6;

    private const double Base = -2.82;
    private const double OfScore = 2.36;
    private const double OfMargin = 1.12;
    private const double OfSignals = 0.46;
    private const double MaxMargin = 0.7;
    private const int MaxSignals = 4;

    /// <param name="scores">In falling order.</param>
    /// <param name="minScore">Below it nothing stands out.</param>
    /// <param name="signals">Independent kinds of evidence for the first.</param>
    /// <param name="minutes">How long the trouble has been watched.</param>
    public static Verdict Of(IReadOnlyList<double> scores, double minScore, int signals, double minutes = 1)
    {
        if (scores.Count == 0)
        {
            return new Verdict(true, []);
        }

        var best = scores[0];
        var second = scores.Count > 1 ? scores[1] : 0;

        var ceiling = signals switch
        {
            <= 1 => 0.7,
            2 => 0.85,
            _ => 0.95,
        };

        var tied = scores.Count(s => s >= 0.95 * best);
        var confidence = Math.Min(ceiling, Probability(best, second, signals));
        var abstains = best < minScore || tied >= 3 || confidence < MinConfidence;
        confidence *= Brief + ((1 - Brief) * Math.Min(1, minutes));
        confidence = abstains ? Math.Min(AbstainedCeiling, confidence / tied) : confidence;
        var others = scores.Skip(1).Sum();
        var rest = Math.Min(1 - confidence, confidence * others / Math.Max(best, 1e-9));
        return new Verdict(abstains,
            [confidence, .. scores.Skip(1).Select(s => Math.Min(confidence, 0.8 * rest * s / Math.Max(others, 1e-9)))]);
    }

    /// <summary>
    /// How often a first place with such a score, such a margin and so many kinds of evidence was right on simulated faults:
    /// the logistic model of <c>exam calibrate</c>, see docs/root-cause.md.
    /// </summary>
    private static double Probability(double best, double second, int signals)
    {
        var margin = Math.Clamp((best - second) / Math.Max(best, 1e-9), 0, MaxMargin);
        var odds = Base + (OfScore * Math.Log(1 + best)) + (OfMargin * margin) + (OfSignals * Math.Min(signals, MaxSignals));
        return 1 / (1 + Math.Exp(-odds));
    }
}
