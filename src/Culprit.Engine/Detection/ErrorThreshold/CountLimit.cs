namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>The smallest count that usual traffic reaches with less than a given probability.</summary>
/// <remarks>
/// Upper tail of a Poisson distribution, widened by the observed ratio of variance to mean (a quasi-Poisson model:
/// McCullagh and Nelder, Generalized Linear Models, 1989, section 6.2), because real errors come in clumps. The mean gets
/// half an event added, so that an unseen scope has a small mean instead of none.
/// </remarks>
internal static class CountLimit
{
    /// <param name="mean">Mean count per minute.</param>
    /// <param name="variance">Its variance.</param>
    /// <param name="minutes">Minutes behind both, at least 1.</param>
    /// <param name="window">The window that the limit is for.</param>
    /// <param name="probability">Chance to reach the limit although nothing is wrong.</param>
    public static long For(double mean, double variance, int minutes, TimeSpan window, double probability)
    {
        var scale = window.TotalMinutes;
        var lambda = (mean + (0.5 / minutes)) * scale;
        var dispersion = mean > 0 ? Math.Max(1, variance / mean) : 1;
        return (long)Math.Ceiling(dispersion * PoissonUpper(lambda / dispersion, probability));
    }

    /// <summary>Smallest k with P(X >= k) below the probability, for X ~ Poisson(lambda).</summary>
    internal static long PoissonUpper(double lambda, double probability)
    {
        if (lambda > 500)
        {
            // Normal approximation; 4.75 is the normal quantile of 1 - 1e-6, scaled for other probabilities.
            var z = Math.Sqrt(-2 * Math.Log(probability)) - (probability > 1e-3 ? 0.6 : 0.5);
            return (long)Math.Ceiling(lambda + (z * Math.Sqrt(lambda)) + 1);
        }

        var term = Math.Exp(-lambda);
        var below = term;
        long k = 0;
        while (1 - below > probability && k < 10_000)
        {
            k++;
            term *= lambda / k;
            below += term;
        }

        return k + 1;
    }
}
