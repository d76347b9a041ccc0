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

    /// <param name="elsewhere">Services whose trouble is that of another incident.</param>
    /// <param name="at">The evidence is judged as of this moment.</param>
    /// <param name="nowNanos">Up to when there is telemetry; of an incident that ended, later than that.</param>
    public static Dossier Build(
        OpenIncident open,
        IReadOnlySet<string> elsewhere,
        IEnumerable<MetricHistory> metrics,
        IReadOnlyList<ChangeEvidence> changes,
        IReadOnlyList<ServiceEdge> edges,
        TraceBook traces,
        PatternNames patterns,
        DateTimeOffset at,
        long nowNanos)
    {
        var seen = Math.Min(UnixNanos.From(open.Incident.LastSeenAt), nowNanos);
        var (from, to) = TroubleWindow.Find(traces, patterns, open.StartNanos, UnixNanos.From(open.Incident.DetectedAt), seen, nowNanos);
        var comparison = new TraceComparison(traces, from, to, patterns);
        return new Dossier
        {
            Incident = open.Incident,
            At = at,
            Services = [.. open.Services.Values.Where(s => !elsewhere.Contains(s.Service)).OrderBy(s => s.Service, StringComparer.Ordinal).Select(s => ToEvidence(s, patterns.Text))],
            Edges = edges,
            Metrics = MetricShifts.Find([.. metrics.Where(m => !elsewhere.Contains(m.Service))], open.StartNanos, UnixNanos.From(at)),
            Changes = [.. changes.Where(c => c.At <= at)],
            Traces = [.. comparison.Findings().Where(f => !elsewhere.Contains(f.Service))],
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
