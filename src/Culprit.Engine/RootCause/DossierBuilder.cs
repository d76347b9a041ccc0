using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>Gathers the evidence of one incident from what its environment remembers.</summary>
internal static class DossierBuilder
{
    private const int MaxPatterns = 20;

    /// <summary>Metric points this long before the first error still belong to the incident: resources fail first.</summary>
    private static readonly long MetricLead = 60 * UnixNanos.PerSecond;

    /// <param name="text">Display text of a service's pattern.</param>
    public static Dossier Build(
        OpenIncident open,
        IEnumerable<MetricHistory> metrics,
        IReadOnlyList<ChangeEvidence> changes,
        IReadOnlyList<ServiceEdge> edges,
        Func<string, PatternId, string> text,
        DateTimeOffset at) => new()
        {
            Incident = open.Incident,
            At = at,
            Services = [.. open.Services.Values.OrderBy(s => s.Service, StringComparer.Ordinal).Select(s => ToEvidence(s, text))],
            Edges = edges,
            Metrics = [.. metrics.Select(m => ToEvidence(m, open.StartNanos)).OfType<MetricEvidence>()],
            Changes = changes,
        };

    private static ServiceEvidence ToEvidence(TrackedService service, Func<string, PatternId, string> text) => new()
    {
        Service = service.Service,
        Records = service.Records,
        Errors = service.Errors,
        BaselineErrorsPerMinute = service.BaselineErrorsPerMinute,
        BaselineMinutes = service.BaselineMinutes,
        FirstErrorAt = service.FirstErrorNanos is { } first ? UnixNanos.ToTime(first) : null,
        LastRecordAt = service.LastNanos > 0 ? UnixNanos.ToTime(service.LastNanos) : null,
        Patterns =
        [
            .. service.Patterns.Values
                .Where(p => p.Count > 0)
                .OrderByDescending(p => p.Count).ThenBy(p => p.Pattern)
                .Take(MaxPatterns)
                .Select(p => new PatternEvidence(
                    new PatternId(p.Pattern),
                    text(service.Service, new PatternId(p.Pattern)),
                    p.Severity,
                    p.Count,
                    p.BaselineCount,
                    UnixNanos.ToTime(p.FirstNanos),
                    p.Samples)),
        ],
    };

    private static MetricEvidence? ToEvidence(MetricHistory metric, long startNanos)
    {
        var from = startNanos - MetricLead;
        var (median, deviation, points) = metric.Before(from);
        MetricPoint? farthest = null;
        foreach (var point in metric.Points)
        {
            if (point.TimeNanos >= from && (farthest is null || Math.Abs(point.Value - median) > Math.Abs(farthest.Value.Value - median)))
            {
                farthest = point;
            }
        }

        return farthest is { } far
            ? new MetricEvidence(
                metric.Service, metric.Metric, metric.Unit, median, deviation, far.Value, UnixNanos.ToTime(far.TimeNanos), points)
            : null;
    }
}
