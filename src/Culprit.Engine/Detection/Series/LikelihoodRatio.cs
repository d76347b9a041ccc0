namespace Culprit.Engine.Detection.Series;

/// <summary>Signed roots of likelihood ratios: how many standard deviations a count is away from what was before.</summary>
/// <remarks>
/// Wilks, "The large-sample distribution of the likelihood ratio", 1938. Half an event is added to what was before, so that
/// something never seen has a small rate instead of none; the statistics are then right to the side of caution at small counts.
/// </remarks>
internal static class LikelihoodRatio
{
    /// <summary>Two Poisson rates: <paramref name="before"/> events in <paramref name="exposureBefore"/> against now.</summary>
    public static double OfRates(double before, double exposureBefore, double now, double exposureNow)
    {
        if (exposureBefore <= 0 || exposureNow <= 0)
        {
            return 0;
        }

        var k0 = before + 0.5;
        var rate = (k0 + now) / (exposureBefore + exposureNow);
        var sum = (k0 * Math.Log(k0 / (exposureBefore * rate))) + (now > 0 ? now * Math.Log(now / (exposureNow * rate)) : 0)
            - (k0 + now) + ((exposureBefore + exposureNow) * rate);
        return Signed(sum, (now / exposureNow) - (k0 / exposureBefore));
    }

    /// <summary>Two shares: <paramref name="before"/> of <paramref name="ofBefore"/> against now.</summary>
    public static double OfShares(double before, double ofBefore, double now, double ofNow)
    {
        if (ofNow <= 0)
        {
            return 0;
        }

        var p = (before + now + 1) / (ofBefore + ofNow + 2);
        var p0 = (before + 0.5) / (ofBefore + 1);
        var p1 = (now + 0.5) / (ofNow + 1);
        return Signed(Log(before, ofBefore, p0) + Log(now, ofNow, p1) - Log(before, ofBefore, p) - Log(now, ofNow, p), p1 - p0);
    }

    private static double Log(double k, double n, double p) => (k * Math.Log(p)) + ((n - k) * Math.Log(1 - p));

    private static double Signed(double sum, double difference) => Math.Sign(difference) * Math.Sqrt(2 * Math.Max(0, sum));
}
