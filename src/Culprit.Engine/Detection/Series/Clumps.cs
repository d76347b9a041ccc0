namespace Culprit.Engine.Detection.Series;

/// <summary>How many slow durations come together: Pearson's statistic over steps, each against what independent ones would do.</summary>
/// <remarks>McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5: the dispersion of a quasi-binomial model.</remarks>
/// <param name="Steps">Steps seen, less as they age.</param>
/// <param name="Squares">Sum over them of the squared deviation from the expected number, in units of its variance.</param>
internal readonly record struct Clumps(double Steps, double Squares)
{
    /// <summary>The prior counts as if it had been seen in so many steps.</summary>
    private const double PriorSteps = 8;

    public Clumps Times(double factor) => new(Steps * factor, Squares * factor);

    /// <summary>A step with so many slow ones of all, where a share is usual.</summary>
    public Clumps Plus(long all, long slow, double share)
    {
        if (all <= 0 || share <= 0)
        {
            return this;
        }

        // A step with few durations says little of how they clump: it counts as much as the slow ones that it should have.
        var weight = Math.Min(1, all * share);
        var deviation = slow - (all * share);
        return new Clumps(Steps + weight, Squares + (weight * deviation * deviation / (all * share * (1 - share))));
    }

    /// <summary>At least 1: less than independent is chance.</summary>
    public double Of(double prior) => Math.Max(1, ((PriorSteps * prior) + Squares) / (PriorSteps + Steps));
}
