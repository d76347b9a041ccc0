using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>Gathers the evidence of one incident from what its environment remembers.</summary>
internal static class DossierBuilder
{
    private const int MaxPatterns = 20;

    /// <summary>Traces that began this long before the first sign still belong to the incident: a detector needs a while.</summary>
    private static readonly long TraceLead = 30 * UnixNanos.PerSecond;

    public static Dossier Build(
        OpenIncident open,
        IEnumerable<MetricHistory> metrics,
        IReadOnlyList<ChangeEvidence> changes,
        IReadOnlyList<ServiceEdge> edges,
        TraceBook traces,
        PatternNames patterns,
        DateTimeOffset at)
    {
        var comparison = new TraceComparison(traces, open.StartNanos - TraceLead, UnixNanos.From(at), patterns);
        return new Dossier
        {
            Incident = open.Incident,
            At = at,
            Services = [.. open.Services.Values.OrderBy(s => s.Service, StringComparer.Ordinal).Select(s => ToEvidence(s, patterns.Text))],
            Edges = edges,
            Metrics = MetricShifts.Find([.. metrics], open.StartNanos, long.MaxValue),
            Changes = changes,
            Traces = comparison.Findings(),
            TracesSeen = comparison.Now,
        };
    }

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
}
