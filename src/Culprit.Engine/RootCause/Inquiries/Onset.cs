using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>Finds when within a range the trouble began, for ranges without enough of a past before them.</summary>
/// <remarks>
/// Signs are WARN-or-worse patterns that were not there in the first tenth, and metrics that leave their own past. The onset
/// is the earliest sign that another follows within <see cref="CompanyNanos"/>: one odd line alone begins nothing.
/// </remarks>
internal static class Onset
{
    /// <summary>With so much of a past, the range itself is what was asked about.</summary>
    private static readonly long EnoughNanos = 30 * UnixNanos.PerSecond;

    private static readonly long CompanyNanos = 300 * UnixNanos.PerSecond;

    public static long Find(InquiryLog log, IReadOnlyCollection<MetricHistory> metrics, long firstTraceNanos)
    {
        var range = log.Range;
        var firstPoint = metrics.Where(m => m.Points.Count > 0).Select(m => m.Points[0].TimeNanos).DefaultIfEmpty(long.MaxValue).Min();
        var first = Math.Min(Math.Min(log.FirstNanos, firstTraceNanos), firstPoint);
        if (first <= range.FromNanos - EnoughNanos)
        {
            return range.FromNanos;
        }

        var settled = range.FromNanos + ((range.ToNanos - range.FromNanos) / 10);
        var signs = log.Services.Values
            .SelectMany(s => s.Patterns.Values).Where(p => p.FirstNanos >= settled).Select(p => p.FirstNanos)
            .Concat(metrics.Select(m => MetricOnset.Find(m, settled, range.ToNanos)).OfType<long>())
            .Order().ToList();
        for (var i = 0; i + 1 < signs.Count; i++)
        {
            if (signs[i + 1] - signs[i] <= CompanyNanos)
            {
                return signs[i];
            }
        }

        return signs.Count > 0 ? signs[0] : range.FromNanos;
    }
}
