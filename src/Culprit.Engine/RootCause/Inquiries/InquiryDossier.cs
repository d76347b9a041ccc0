using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause.Inquiries;

/// <summary>Gathers the evidence about a range of time, as <see cref="DossierBuilder"/> does about an incident.</summary>
internal static class InquiryDossier
{
    private const int MaxPatterns = 20;
    private const double MinBaselineMinutes = 0.5;

    public static Dossier Build(
        string environment, InquiryLog log, IReadOnlyCollection<MetricHistory> metrics, IReadOnlyList<ChangeEvidence> changes,
        IReadOnlyList<ServiceEdge> edges, TraceBook traces, PatternNames patterns)
    {
        var range = log.Range;
        var firstTrace = traces.Kept.Select(t => t.StartNanos).DefaultIfEmpty(long.MaxValue).Min();
        var start = Onset.Find(log, metrics, firstTrace);
        var slot = Math.Clamp((int)range.SlotOf(start), 0, InquiryRange.Slots - 1);
        var comparison = new TraceComparison(traces, start, range.ToNanos, patterns);
        return new Dossier
        {
            Incident = IncidentOf(environment, log, start, slot),
            At = range.To,
            Services = [.. log.Services.Values.Select(s => ToEvidence(s, log.FirstNanos, start, slot, patterns.Text))],
            Edges = edges,
            Metrics = MetricShifts.Find(metrics, start, range.ToNanos),
            Changes = [.. changes.Where(c => c.At <= range.To)],
            Traces = comparison.Findings(),
            TracesSeen = comparison.Now,
            WasAsked = true,
        };
    }

    private static Incident IncidentOf(string environment, InquiryLog log, long start, int slot)
    {
        var range = log.Range;
        var services = log.Services.Values.Where(s => s.Since(slot).Errors > 0).Select(s => s.Service).ToList();
        var errors = log.Services.Values.Sum(s => s.Since(slot).Errors);
        var began = UnixNanos.ToTime(start);
        var anomaly = new Anomaly
        {
            Id = ContentId.Of("inquiry", environment, range.From.ToString("O"), range.To.ToString("O")),
            Type = AnomalyType.Unknown,
            Detector = "inquiry",
            Environment = environment,
            Services = services,
            StartedAt = began,
            DetectedAt = range.From,
            Window = range.To - range.From,
            ErrorCount = errors,
            Expected = "nothing: somebody asked about this time",
            Observed = $"{errors} errors in {services.Count} services",
            Evidence = [],
        };
        return new Incident
        {
            Id = ContentId.Of("incident", anomaly.Id),
            Environment = environment,
            State = IncidentState.Resolved,
            Severity = IncidentSeverity.Low,
            StartedAt = began,
            DetectedAt = range.From,
            LastSeenAt = range.To,
            ResolvedAt = range.To,
            ErrorCount = errors,
            Services = services,
            Anomalies = [anomaly],
            Type = anomaly.Type,
        };
    }

    private static ServiceEvidence ToEvidence(
        InquiredService service, long firstNanos, long start, int slot, Func<string, PatternId, string> text)
    {
        var minutes = (start - firstNanos) / (60.0 * UnixNanos.PerSecond);
        minutes = minutes < MinBaselineMinutes ? 0 : minutes;
        var (records, errors) = service.Since(slot);
        var patterns = service.Patterns.Values.Where(p => p.Since(slot) > 0).ToList();
        return new ServiceEvidence
        {
            Service = service.Service,
            Records = records,
            Errors = errors,
            BaselineErrorsPerMinute = minutes > 0 ? service.Before(slot).Errors / minutes : 0,
            BaselineMinutes = minutes,
            FirstErrorAt = patterns.Where(p => p.Severity.IsError()).Select(p => (DateTimeOffset?)UnixNanos.ToTime(FirstSince(p))).Min(),
            LastRecordAt = UnixNanos.ToTime(service.LastNanos),
            Patterns =
            [
                .. patterns.OrderByDescending(p => p.Since(slot)).ThenBy(p => p.Pattern.Value).Take(MaxPatterns)
                    .Select(p => new PatternEvidence(
                        p.Pattern, text(service.Service, p.Pattern), p.Severity, p.Since(slot), p.Before(slot),
                        UnixNanos.ToTime(FirstSince(p)), p.Samples(start))),
            ],
        };

        long FirstSince(InquiredPattern pattern) => pattern.FirstNanos >= start
            ? pattern.FirstNanos
            : pattern.Samples(start) is [var sample, ..] ? sample.TimestampNanos : start;
    }
}
