namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Fits a logistic model by projected gradient ascent on the likelihood; weights except the first may not be negative.</summary>
internal static class CalibrationFit
{
    private const int Steps = 20_000;
    private const double Rate = 0.5;

    /// <summary>A weak pull towards 0, so that cases that can be told apart perfectly give finite weights.</summary>
    private const double Pull = 1e-3;

    public static double[] Fit(IReadOnlyList<(double[] Features, bool IsRight)> cases)
    {
        var weights = new double[cases[0].Features.Length];
        for (var step = 0; step < Steps; step++)
        {
            var slope = new double[weights.Length];
            foreach (var (features, isRight) in cases)
            {
                var miss = (isRight ? 1 : 0) - Probability(weights, features);
                for (var i = 0; i < slope.Length; i++)
                {
                    slope[i] += miss * features[i] / cases.Count;
                }
            }

            for (var i = 0; i < weights.Length; i++)
            {
                weights[i] += Rate / (1 + (step / 5000.0)) * (slope[i] - (Pull * weights[i]));
                weights[i] = i == 0 ? weights[i] : Math.Max(0, weights[i]);
            }
        }

        return weights;
    }

    public static double Probability(double[] weights, double[] features) =>
        1 / (1 + Math.Exp(-weights.Zip(features, (w, f) => w * f).Sum()));
}
