using System.Globalization;
using System.Text;
using Culprit.Engine.Evaluation;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>How far the ranker's confidence is from how often it is right on simulated faults, and what a fitted model would say instead.</summary>
internal static class CalibrationReport
{
    /// <summary>A report leaves out hypotheses below 0.3 of the first: margins beyond are not known.</summary>
    private const double MaxMargin = 0.7;

    private const int MaxSignals = 4;

    public static string Render(IReadOnlyList<CaseScore> scores)
    {
        // An answer without a hypothesis claims nothing.
        var claims = scores.Where(s => s is { IsFound: true, Named.Count: > 0 } or { IsTold: true, Named.Count: > 0 }).ToList();
        var text = new StringBuilder();
        Table(text, "As it is, abstentions left out", claims.Where(s => !s.IsAbstained), s => s.Confidence);
        Table(text, "Abstained", claims.Where(s => s.IsAbstained), s => s.Confidence);
        var held = new Dictionary<CaseScore, double>(ReferenceEqualityComparer.Instance);
        foreach (var seed in claims.Select(s => s.Label.Seed).Distinct().Order())
        {
            var weights = CalibrationFit.Fit([.. claims.Where(s => s.Label.Seed != seed).Select(Case)]);
            foreach (var score in claims.Where(s => s.Label.Seed == seed))
            {
                held[score] = CalibrationFit.Probability(weights, Case(score).Features);
            }
        }

        Table(text, "Fitted on the other seeds", claims, s => held[s]);
        foreach (var isTold in (bool[])[false, true])
        {
            foreach (var form in claims.Select(s => s.Form).Distinct().Order())
            {
                Table(text, Invariant($"Fitted on the other seeds: {(isTold ? "told" : "autonomous")}, spans {form.ToString().ToLowerInvariant()}"), claims.Where(s => s.IsTold == isTold && s.Form == form), s => held[s]);
            }
        }

        text.AppendLine("Weights fitted on all: " + string.Join(", ", CalibrationFit.Fit([.. claims.Select(Case)]).Select(w => Invariant($"{w:0.000}"))));
        return text.ToString();
    }

    private static (double[] Features, bool IsRight) Case(CaseScore score) =>
        (Features(score), score.Rank == 1);

    /// <summary>1, then the features: mass (logarithm of the score), margin over the second as a share of the first, independent signals.</summary>
    private static double[] Features(CaseScore score) =>
    [
        1,
        Math.Log(1 + score.Best),
        score.Best <= 0 ? 0 : Math.Clamp((score.Best - score.Second) / score.Best, 0, MaxMargin),
        Math.Min(score.Signals, MaxSignals),
    ];

    private static void Table(StringBuilder text, string title, IEnumerable<CaseScore> scores, Func<CaseScore, double> confidence)
    {
        var all = scores.ToList();
        var reliability = Reliability.Of(all.Select(s => (confidence(s), s.Rank == 1)));
        text.AppendLine(Invariant($"{title}: {reliability.Claims} claims, expected calibration error {reliability.CalibrationError:0.000}, Brier score {reliability.Brier:0.000}")).AppendLine();
        if (reliability.Claims > 0)
        {
            text.AppendLine("| confidence up to | claims | mean confidence | right |").AppendLine("| --- | --- | --- | --- |");
            foreach (var bin in reliability.Bins)
            {
                text.AppendLine(Invariant($"| {bin.End:0.0} | {bin.Claims} | {bin.Confidence:0.00} | {bin.Right:0.00} |"));
            }

            text.AppendLine();
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
