using Culprit.Engine.Detection;

namespace Culprit.Engine.RootCause;

/// <summary>Finds when a resource began to rise steadily: flat, then a straight line up to its highest point.</summary>
internal static class Ramp
{
    private const int MinPoints = 12;
    private const int MaxBends = 60;
    private const double MinFit = 0.9;
    private const double MinRise = 1.3;

    /// <summary>The bend, Unix nanoseconds; null when the metric does not rise so.</summary>
    public static long? Find(IReadOnlyList<MetricPoint> points, long untilNanos)
    {
        var peak = -1;
        for (var i = 0; i < points.Count && points[i].TimeNanos <= untilNanos; i++)
        {
            peak = peak < 0 || points[i].Value >= points[peak].Value ? i : peak;
        }

        if (peak + 1 < MinPoints || points[peak].Value < MinRise * points[0].Value)
        {
            return null;
        }

        (double Fit, int Bend) best = (MinFit, -1);
        for (var bend = 0; bend <= peak - (MinPoints / 2); bend += Math.Max(1, peak / MaxBends))
        {
            var (fit, level, top) = FitHinge(points, bend, peak);
            if (fit > best.Fit && top > MinRise * Math.Max(level, 0))
            {
                best = (fit, bend);
            }
        }

        return best.Bend >= 0 ? points[best.Bend].TimeNanos : null;
    }

    private static (double Fit, double Level, double Top) FitHinge(IReadOnlyList<MetricPoint> points, int bend, int peak)
    {
        double n = peak + 1, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
        for (var i = 0; i <= peak; i++)
        {
            var x = Math.Max(0, (points[i].TimeNanos - points[bend].TimeNanos) / 1e9);
            var y = points[i].Value;
            (sx, sy, sxx, sxy, syy) = (sx + x, sy + y, sxx + (x * x), sxy + (x * y), syy + (y * y));
        }

        var (vx, vy, cov) = (sxx - (sx * sx / n), syy - (sy * sy / n), sxy - (sx * sy / n));
        if (vx <= 0 || vy <= 0 || cov <= 0)
        {
            return (0, 0, 0);
        }

        var slope = cov / vx;
        var level = (sy - (slope * sx)) / n;
        var end = Math.Max(0, (points[peak].TimeNanos - points[bend].TimeNanos) / 1e9);
        return (cov * cov / (vx * vy), level, level + (slope * end));
    }
}
