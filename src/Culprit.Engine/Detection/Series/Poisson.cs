namespace Culprit.Engine.Detection.Series;

/// <summary>Counts of independent events.</summary>
internal static class Poisson
{
    /// <summary>The count that is exceeded with a chance of no more than <paramref name="chance"/>.</summary>
    public static long Limit(double mean, double chance)
    {
        if (mean > 100)
        {
            return (long)Math.Ceiling(mean + (AlarmBudget.Quantile(chance) * Math.Sqrt(mean)));
        }

        var (count, term) = (0L, Math.Exp(-mean));
        for (var sum = term; sum < 1 - chance; sum += term)
        {
            term *= mean / ++count;
        }

        return count;
    }
}
