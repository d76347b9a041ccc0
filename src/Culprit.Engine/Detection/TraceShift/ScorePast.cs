namespace Culprit.Engine.Detection.TraceShift;

/// <summary>What one service scored in earlier looks of quiet times, with a half-life of about two hours.</summary>
/// <remarks>
/// A score is the best of many comparisons, and how good the best is by chance depends on how many operations and lines a service's
/// requests have, and how few requests each. So the limit comes from the service's own past: scores fall off about exponentially,
/// with a scale no larger than mean and deviation together.
/// </remarks>
internal sealed class ScorePast
{
    internal const double Decay = 0.999;

    /// <summary>Looks before which the past says nothing.</summary>
    private const double MinLooks = 30;

    /// <summary>Weights of the looks in which it had a score.</summary>
    public double Sum { get; set; }

    public double Squares { get; set; }

    /// <summary>Number of the look up to which the sums have decayed.</summary>
    public long At { get; set; }

    public void Add(double score, long look)
    {
        Age(look);
        Sum += score;
        Squares += score * score;
    }

    /// <summary>The score that chance exceeds with a probability, by the looks so far; 0 while there are too few.</summary>
    public double Limit(double probability, long looks)
    {
        Age(looks);
        var weight = (1 - Math.Pow(Decay, looks)) / (1 - Decay);
        if (weight < MinLooks)
        {
            return 0;
        }

        var mean = Sum / weight;
        var deviation = Math.Sqrt(Math.Max(0, (Squares / weight) - (mean * mean)));
        return mean + (deviation * -Math.Log(probability));
    }

    private void Age(long look)
    {
        var factor = Math.Pow(Decay, look - At);
        (Sum, Squares, At) = (Sum * factor, Squares * factor, look);
    }
}
