namespace Culprit.Engine.Detection.Series;

/// <summary>How many things come together: Pearson's statistic over cells of time, each against what independent ones would do, drawn towards a prior.</summary>
/// <remarks>McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5: the dispersion of a quasi-binomial model.</remarks>
/// <param name="Cells">Cells seen, less as they age.</param>
/// <param name="Squares">Sum over them of the squared deviation from the expected number, in units of its variance.</param>
internal readonly record struct Clumps(double Cells, double Squares)
{
    /// <summary>The prior counts as if it had been seen in so many cells.</summary>
    private const double PriorCells = 8;

    /// <summary>A cell counts for no more than five standard deviations: a level that changes for good is no clump.</summary>
    private const double MaxSquare = 25;

    public Clumps Times(double factor) => new(Cells * factor, Squares * factor);

    /// <summary>A cell with so many slow ones of all, where a share is usual.</summary>
    public Clumps Plus(long all, long slow, double share)
    {
        if (all < 2 || share <= 0)
        {
            return this; // One alone cannot come together with others.
        }

        // A cell with few durations says little of how they clump: it counts as much as it should have slow ones beside the first.
        var weight = Math.Min(1, (all - 1) * share);
        var deviation = slow - (all * share);
        return new Clumps(Cells + weight, Squares + (weight * Math.Min(MaxSquare, deviation * deviation / (all * share * (1 - share)))));
    }

    /// <summary>At least 1: less than independent is chance.</summary>
    /// <param name="prior">Believed until there is enough to see.</param>
    public double Of(double prior) => Math.Max(1, ((PriorCells * prior) + Squares) / (PriorCells + Cells));
}
