namespace Culprit.Engine.Detection.Growth;

/// <summary>A robust trend through points of time.</summary>
/// <param name="PerHour">Theil-Sen slope: the median of the slopes between all pairs.</param>
/// <param name="Start">Level at the first point, on the trend.</param>
/// <param name="End">Level at the last point, on the trend.</param>
/// <param name="Noise">Median distance of the points from the trend.</param>
internal readonly record struct Trend(double PerHour, double Start, double End, double Noise)
{
    /// <summary>
    /// Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968.
    /// </summary>
    /// <param name="points">By time, at least 3.</param>
    public static Trend Of(IReadOnlyList<MetricPoint> points)
    {
        var n = points.Count;
        var slopes = new List<double>(n * (n - 1) / 2);
        for (var i = 0; i < n; i++)
        {
            for (var j = i + 1; j < n; j++)
            {
                var hours = (points[j].TimeNanos - points[i].TimeNanos) / 3.6e12;
                if (hours > 0)
                {
                    slopes.Add((points[j].Value - points[i].Value) / hours);
                }
            }
        }

        slopes.Sort();
        var slope = slopes.Count > 0 ? slopes[slopes.Count / 2] : 0;
        var origin = points[0].TimeNanos;
        var levels = points.Select(p => p.Value - (slope * (p.TimeNanos - origin) / 3.6e12)).Order().ToList();
        var level = levels[n / 2];
        var noise = points.Select(p => Math.Abs(p.Value - level - (slope * (p.TimeNanos - origin) / 3.6e12))).Order().ElementAt(n / 2);
        return new Trend(slope, level, level + (slope * (points[n - 1].TimeNanos - origin) / 3.6e12), noise);
    }
}
