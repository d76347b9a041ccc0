namespace Culprit.Engine.Evaluation;

/// <summary>Whether confidence means what it says: what was claimed against how often it was right.</summary>
/// <remarks>
/// Brier score (Brier 1950): the mean of (confidence - right)², 0 is perfect and 0.25 is what "50 %" always gets. Expected
/// calibration error (Naeini, Cooper and Hauskrecht 2015): the mean over bins, by their claims, of the distance between mean confidence and share right.
/// </remarks>
internal sealed record Reliability
{
    /// <summary>Upper ends of the bins.</summary>
    private static readonly double[] Ends = [0.2, 0.4, 0.6, 0.8, 1];

    /// <summary>Bins with at least one claim, lowest confidence first.</summary>
    public required IReadOnlyList<ReliabilityBin> Bins { get; init; }

    public required int Claims { get; init; }

    /// <summary>0 when nothing was claimed.</summary>
    public required double Brier { get; init; }

    /// <summary>0 when nothing was claimed.</summary>
    public required double CalibrationError { get; init; }

    public static Reliability Of(IEnumerable<(double Confidence, bool IsRight)> claims)
    {
        var all = claims.ToList();
        var bins = Ends
            .Select((end, i) => (End: end, Claims: all.Where(c => Bin(c.Confidence) == i).ToList()))
            .Where(b => b.Claims.Count > 0)
            .Select(b => new ReliabilityBin(
                b.End, b.Claims.Count, b.Claims.Average(c => c.Confidence), b.Claims.Count(c => c.IsRight) / (double)b.Claims.Count))
            .ToList();
        return new Reliability
        {
            Bins = bins,
            Claims = all.Count,
            Brier = all.Count == 0 ? 0 : all.Average(c => Math.Pow(c.Confidence - (c.IsRight ? 1 : 0), 2)),
            CalibrationError = all.Count == 0 ? 0 : bins.Sum(b => b.Claims * Math.Abs(b.Confidence - b.Right)) / all.Count,
        };
    }

    private static int Bin(double confidence) => Math.Clamp(Array.FindIndex(Ends, end => confidence <= end), 0, Ends.Length - 1);
}

/// <summary>Claims of about the same confidence.</summary>
/// <param name="End">Confidences up to here, and above the end of the bin before.</param>
/// <param name="Confidence">Their mean.</param>
/// <param name="Right">Share that was right.</param>
internal sealed record ReliabilityBin(double End, int Claims, double Confidence, double Right);
