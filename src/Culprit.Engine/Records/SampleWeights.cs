namespace Culprit.Engine.Records;

/// <summary>How many records one sampled record stands for, as one of 32 numbers that fit into 5 bits.</summary>
/// <remarks>
/// The codes are part of the journal's format and never change. A weight between two of them is expressed by using both in
/// the right proportion, so that sums are right on average whatever the rate.
/// </remarks>
internal static class SampleWeights
{
    /// <summary>The code of a record that was not sampled and stands for itself; also what older journals hold.</summary>
    public const int None = 0;

    /// <summary>Smallest share that can be sampled.</summary>
    public const double SmallestShare = 0.0001;

    private static readonly int[] ByCode =
    [
        1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80,
        100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 2000, 5000, 10_000,
    ];

    /// <summary>Records that a code stands for, 1 to 10,000.</summary>
    public static int Of(int code) => ByCode[code];

    /// <summary>The code above or below a weight, above as often as makes the mean come out right.</summary>
    /// <param name="weight">1 to 10,000.</param>
    /// <param name="dice">Evenly distributed from 0 to 1.</param>
    public static int Choose(double weight, double dice)
    {
        // 1 / 0.1 is not quite 10 for a computer; what is meant is.
        var nearest = Math.Round(weight);
        weight = Math.Abs(weight - nearest) < 1e-9 * weight ? nearest : weight;
        var upper = Array.FindIndex(ByCode, w => w >= weight);
        if (upper < 0)
        {
            return ByCode.Length - 1;
        }

        if (upper == 0)
        {
            return None;
        }

        var (low, high) = (ByCode[upper - 1], ByCode[upper]);
        return dice < (weight - low) / (high - low) ? upper : upper - 1;
    }
}
