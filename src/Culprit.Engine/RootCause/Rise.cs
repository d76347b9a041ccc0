namespace Culprit.Engine.RootCause;

/// <summary>How surprising a count is against an earlier one, right for small counts.</summary>
internal static class Rise
{
    /// <summary>
    /// Signed root of the likelihood ratio of two Poisson rates, in sigmas: positive when the rate rose.
    /// Half an event is added to the past, so that "never before" is finite and grows with the time it was watched.
    /// </summary>
    public static double PoissonRoot(double before, double minutesBefore, double now, double minutesNow)
    {
        before += 0.5;
        var rate = (before + now) / (minutesBefore + minutesNow);
        var sum = Term(before, rate * minutesBefore) + Term(now, rate * minutesNow);
        var root = Math.Sqrt(Math.Max(0, 2 * sum));
        return now / minutesNow >= before / minutesBefore ? root : -root;
    }

    /// <summary>Soft cap of evidence: nearly linear below 5, ever slower above.</summary>
    public static double SoftCap(double value) => 10 * Math.Log(1 + (Math.Max(0, value) / 10));

    /// <summary>
    /// Sigmas that count. Beyond some 12 they prove no more: a service with ten times the traffic is not ten times as guilty.
    /// </summary>
    public static double Saturate(double sigmas) => 12 * (1 - Math.Exp(-Math.Max(0, sigmas) / 12));

    private static double Term(double count, double expected) => count <= 0 ? 0 : count * Math.Log(count / expected);
}
