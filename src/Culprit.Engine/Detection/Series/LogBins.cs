namespace Culprit.Engine.Detection.Series;

/// <summary>Bins of durations, each 1.2 times as long as the one before; the first ends at a microsecond, the last is open.</summary>
internal static class LogBins
{
    public const int Count = 128;
    private const double Ratio = 1.2;
    private static readonly double LogRatio = Math.Log(Ratio);

    public static int Of(double nanos) => nanos <= 1000 ? 0 : Math.Min(Count - 1, 1 + (int)(Math.Log(nanos / 1000) / LogRatio));

    /// <summary>A duration in the middle of a bin, nanoseconds.</summary>
    public static double Middle(int bin) => bin == 0 ? 1000 : 1000 * Math.Pow(Ratio, bin - 0.5);

    /// <summary>The bin of a duration so many times as long.</summary>
    public static int Times(int bin, double factor) => Math.Min(Count - 1, bin + (int)Math.Ceiling(Math.Log(factor) / LogRatio));
}
