using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection.LatencyShift;

/// <summary>What was usual of an operation before a window, and beyond which bins it is slow.</summary>
/// <param name="From">Step with which the window begins.</param>
/// <param name="Limits">By what the bins were chosen.</param>
/// <param name="Count">Durations before the window.</param>
/// <param name="Median">Bin of the middle one.</param>
/// <param name="Slow">Bins beyond which durations are slow: by what nine of ten took, by what half took, and by what 99 of 100 took.</param>
/// <param name="Before">How many were slow before the window, each.</param>
internal sealed record Reference(long From, ReferenceLimits Limits, double Count, int Median, int[] Slow, double[] Before)
{
    public static Reference Of(DurationSeries durations, long from, QuietTime quiet, ReferenceLimits limits, LatencyShiftOptions options)
    {
        Span<double> bins = stackalloc double[LogBins.Count];
        var count = durations.Usual(from, quiet, bins);
        var median = Quantile(bins, count, 0.5);
        int[] slow =
        [
            Limit(Quantile(bins, count, 0.9), options.TailFactor),
            Limit(median, options.MedianFactor),
            Limit(Quantile(bins, count, 0.99), options.TailFactor),
        ];
        return new Reference(from, limits, count, median, slow, [Beyond(bins, slow[0]), Beyond(bins, slow[1]), Beyond(bins, slow[2])]);

        int Limit(int usual, double factor) => Math.Max(limits.Floor, LogBins.Times(usual, limits.Growth * factor));
    }

    public static int Quantile(ReadOnlySpan<double> bins, double sum, double share)
    {
        var wanted = share * sum;
        double below = 0;
        for (var i = 0; i < bins.Length; i++)
        {
            below += bins[i];
            if (below >= wanted)
            {
                return i;
            }
        }

        return bins.Length - 1;
    }

    private static double Beyond(ReadOnlySpan<double> bins, int bin)
    {
        double beyond = 0;
        foreach (var count in bins[(bin + 1)..])
        {
            beyond += count;
        }

        return beyond;
    }
}

/// <summary>What else decides what is slow.</summary>
/// <param name="Floor">Bin up to which nothing is slow.</param>
/// <param name="Growth">How many times as long it may take because more is asked for.</param>
/// <param name="Quiet">Version of the quiet time.</param>
internal readonly record struct ReferenceLimits(int Floor, double Growth, int Quiet);
