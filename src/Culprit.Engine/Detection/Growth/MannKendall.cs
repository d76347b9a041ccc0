using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection.Growth;

/// <summary>How sure it is that points rise: Mann's rank test of a trend, exact for few points.</summary>
/// <remarks>
/// Mann, "Nonparametric tests against trend", 1945; Kendall, "Rank Correlation Methods", 1948. Without a trend every order of
/// the points is as likely, so the chance of so few falls is the share of permutations with so few inversions. The normal
/// approximation is far too cautious in that tail: ten points that only rise are one order in 3.6 million, 5.0 standard
/// deviations and not 3.9. Ties count as half a fall.
/// </remarks>
internal static class MannKendall
{
    /// <summary>Up to so many points the distribution is counted out; for more the normal one is near enough.</summary>
    private const int MaxExact = 40;

    private static readonly double[]?[] Tails = new double[MaxExact + 1][];

    /// <summary>Standard deviations; negative when they fall.</summary>
    public static double Sigma(IReadOnlyList<MetricPoint> points)
    {
        var s = 0;
        for (var i = 0; i < points.Count; i++)
        {
            for (var j = i + 1; j < points.Count; j++)
            {
                s += Math.Sign(points[j].Value - points[i].Value);
            }
        }

        return Sigma(s, points.Count);
    }

    /// <param name="s">Pairs that rise less pairs that fall.</param>
    /// <param name="n">Points.</param>
    public static double Sigma(int s, int n)
    {
        if (s == 0 || n < 2)
        {
            return 0;
        }

        if (n > MaxExact)
        {
            return (s - Math.Sign(s)) / Math.Sqrt(n * (n - 1.0) * ((2 * n) + 5) / 18);
        }

        var pairs = n * (n - 1) / 2;
        var inversions = (pairs - Math.Abs(s) + 1) / 2;
        var tail = Volatile.Read(ref Tails[n]) ?? (Tails[n] = Tail(n));
        return Math.Sign(s) * AlarmBudget.Quantile(tail[inversions]);
    }

    /// <summary>By k: the share of the permutations of <paramref name="n"/> with at most k inversions (Mahonian numbers).</summary>
    private static double[] Tail(int n)
    {
        var shares = new double[] { 1 };
        for (var size = 2; size <= n; size++)
        {
            var next = new double[shares.Length + size - 1];
            for (var k = 0; k < shares.Length; k++)
            {
                for (var more = 0; more < size; more++)
                {
                    next[k + more] += shares[k] / size;
                }
            }

            shares = next;
        }

        for (var k = 1; k < shares.Length; k++)
        {
            shares[k] += shares[k - 1];
        }

        return shares;
    }
}
