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

    /// <summary>What is known of others of the kind: each counts for no more than the prior, however often it happened.</summary>
    public Clumps PlusOther(Clumps other)
    {
        var share = Math.Min(1, PriorCells / Math.Max(other.Cells, 1e-9));
        return new Clumps(Cells + (share * other.Cells), Squares + (share * other.Squares));
    }

    /// <summary>What one more cell shows.</summary>
    public Clumps Plus(in SlowCell cell)
    {
        if (cell.All < 2 || cell.Variance <= 0)
        {
            return this; // One alone cannot come together with others.
        }

        // A cell with few durations says little of how they clump: it counts as much as it should have slow ones beside the first.
        var weight = Math.Min(1, cell.Expected * (cell.All - 1) / cell.All);
        var deviation = cell.Slow - cell.Expected;
        return new Clumps(Cells + weight, Squares + (weight * Math.Min(MaxSquare, deviation * deviation / cell.Variance)));
    }

    /// <summary>At least 1: less than independent is chance.</summary>
    /// <param name="prior">Believed until there is enough to see.</param>
    public double Of(double prior) => Math.Max(1, ((PriorCells * prior) + Squares) / (PriorCells + Cells));
}

/// <summary>How things come together within steps of 5 s and within minutes; the larger counts.</summary>
internal readonly record struct Clumping(Clumps InSteps, Clumps InMinutes)
{
    public Clumping Times(double factor) => new(InSteps.Times(factor), InMinutes.Times(factor));

    public Clumping PlusOther(Clumping other) => new(InSteps.PlusOther(other.InSteps), InMinutes.PlusOther(other.InMinutes));

    /// <summary>Takes cells by their steps.</summary>
    public Clumping Plus(IReadOnlyCollection<KeyValuePair<long, SlowCell>> bySteps) => new(
        bySteps.Aggregate(InSteps, (clumps, step) => clumps.Plus(step.Value)),
        bySteps.GroupBy(s => s.Key / Steps.PerMinute, s => s.Value)
            .Aggregate(InMinutes, (clumps, minute) => clumps.Plus(minute.Aggregate((a, b) => a.Plus(b)))));

    /// <param name="prior">Believed until there is enough to see.</param>
    public double Of(double prior) => Math.Max(InSteps.Of(prior), InMinutes.Of(prior));
}

/// <summary>Durations of a stretch of time: how many were slow, and how many should have been if each were by itself.</summary>
/// <param name="Variance">Of the number expected.</param>
internal readonly record struct SlowCell(long All, long Slow, double Expected, double Variance)
{
    public static SlowCell Of(long all, long slow, double share) => new(all, slow, all * share, all * share * (1 - share));

    public SlowCell Plus(in SlowCell other) =>
        new(All + other.All, Slow + other.Slow, Expected + other.Expected, Variance + other.Variance);
}
