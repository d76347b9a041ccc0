namespace Culprit.Engine.Traces;

/// <summary>How surprising it is that something happens more or less often than before, right for small counts.</summary>
internal static class ProportionShift
{
    /// <summary>
    /// Signed root of the likelihood ratio of two proportions, in sigmas: positive when the share rose. Half an observation
    /// is added to each side, so that "never before" is finite and grows with how often it was looked at.
    /// </summary>
    /// <param name="k0">How often it happened before, of <paramref name="n0"/>.</param>
    /// <param name="k1">How often it happens now, of <paramref name="n1"/>.</param>
    public static double Root(double k0, double n0, double k1, double n1)
    {
        var p = (k0 + k1 + 1) / (n0 + n1 + 2);
        var p0 = (k0 + 0.5) / (n0 + 1);
        var p1 = (k1 + 0.5) / (n1 + 1);
        var sum = Log(k0, n0, p0) + Log(k1, n1, p1) - Log(k0, n0, p) - Log(k1, n1, p);
        var root = Math.Sqrt(Math.Max(0, 2 * sum));
        return p1 >= p0 ? root : -root;
    }

    /// <summary>The same times the size of the shift: a cause hits most of its own calls; a slight shift of many calls is noise.</summary>
    public static double Weighed(double k0, double n0, double k1, double n1) =>
        Root(k0, n0, k1, n1) * Math.Abs(((k1 + 0.5) / (n1 + 1)) - ((k0 + 0.5) / (n0 + 1)));

    private static double Log(double k, double n, double p) => (k * Math.Log(p)) + ((n - k) * Math.Log(1 - p));
}
