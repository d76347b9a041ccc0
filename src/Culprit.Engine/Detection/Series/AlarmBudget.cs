namespace Culprit.Engine.Detection.Series;

/// <summary>How strong evidence must be, so that chance alone opens few incidents.</summary>
/// <remarks>
/// One budget of false alarms is spent over all tests and all time. In the long run each step gets its part of
/// <see cref="PerDay"/>. In the first hour and a half it gets more, falling like 1/(n log² n), which adds up to a fixed sum however long it
/// goes on (the spending sequences of Javanmard and Montanari, "Online rules for control of false discovery rate", 2018):
/// few steps cannot hold many coincidences, and a log that begins a minute before the fault can still be read. Within a step the part is shared
/// by all tests (Bonferroni).
/// </remarks>
internal static class AlarmBudget
{
    /// <summary>False alarms a day by chance that each detector has in the long run: all of them together stay below one.</summary>
    internal const double PerDay = 0.1;

    /// <summary>Weight of the first hour and a half; its sum is about 0.15 false alarms.</summary>
    internal const double Early = 0.4;

    /// <summary>Standard deviations that one of <paramref name="tests"/> must reach in the <paramref name="step"/>th step of the history.</summary>
    public static double Sigma(long step, int tests)
    {
        var n = Math.Max(step, 3);
        var log = Math.Log(n);
        var alpha = Math.Max(PerDay / Steps.PerDay, Early / (n * log * log));
        return Quantile(alpha / Math.Max(1, tests));
    }

    /// <summary>The chance that a single test exceeds so many standard deviations, by Mills' ratio: right in the tail.</summary>
    internal static double Chance(double sigma) => Math.Exp(-sigma * sigma / 2) / (Math.Max(1, sigma) * Math.Sqrt(2 * Math.PI));

    /// <summary>Upper quantile of the normal distribution: Abramowitz and Stegun, 26.2.23, error below 4.5e-4.</summary>
    internal static double Quantile(double probability)
    {
        var p = Math.Clamp(probability, 1e-300, 0.5);
        var t = Math.Sqrt(-2 * Math.Log(p));
        return t - ((2.515517 + (0.802853 * t) + (0.010328 * t * t)) / (1 + (1.432788 * t) + (0.189269 * t * t) + (0.001308 * t * t * t)));
    }
}
