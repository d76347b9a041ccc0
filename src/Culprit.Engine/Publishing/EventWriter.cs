using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Engine.Summaries;

namespace Culprit.Engine.Publishing;

/// <summary>Turns the engine's nouns into events of the wire (DESIGN section 2): envelope first, then the noun's fields.</summary>
internal static class EventWriter
{
    private const string Source = "culprit";
    private const int MaxAlertLines = 5;

    public static DerivedEvent Summary(LogSummary summary)
    {
        var id = ContentId.Of(EventTypes.Summary, summary.Environment, Iso(summary.PeriodEnd));
        return Write(id, EventTypes.Summary, summary.PeriodEnd, summary.Environment, null, null, null, null, json =>
        {
            json.WriteString("environment", summary.Environment);
            json.WriteString("period_start", Iso(summary.PeriodStart));
            json.WriteString("period_end", Iso(summary.PeriodEnd));
            json.WriteNumber("total_logs", summary.TotalLogs);
            json.WriteStartObject("by_level");
            ReadOnlySpan<Severity> levels = [Severity.Debug, Severity.Info, Severity.Warn, Severity.Error, Severity.Fatal];
            for (var level = 0; level < levels.Length; level++)
            {
                json.WriteNumber(levels[level].ToWire(), summary.ByLevel[level]);
            }

            json.WriteEndObject();
            json.WriteStartObject("by_service");
            foreach (var (service, count) in summary.ByService)
            {
                json.WriteNumber(service, count);
            }

            json.WriteEndObject();
            json.WriteNumber("error_rate", Math.Round(summary.ErrorRate, 6));
        });
    }

    public static DerivedEvent Anomaly(Anomaly anomaly, string incidentId)
    {
        var cause = anomaly.CausationId ?? (anomaly.Evidence.Count > 0 ? EvidenceId(anomaly.Evidence[^1]) : null);
        return Write(anomaly.Id, EventTypes.Anomaly, anomaly.DetectedAt, anomaly.Environment,
            anomaly.Services.Count == 1 ? anomaly.Services[0] : null, incidentId, cause, CommonTrace(anomaly.Evidence), json =>
            {
                json.WriteString("anomaly_type", anomaly.Type.ToWire());
                json.WriteString("detector", anomaly.Detector);
                json.WriteString("environment", anomaly.Environment);
                json.WriteString("incident_id", incidentId);
                Strings(json, "services", anomaly.Services);
                json.WriteNumber("error_count", anomaly.ErrorCount);
                json.WriteNumber("window_seconds", anomaly.Window.TotalSeconds);
                json.WriteString("started_at", Iso(anomaly.StartedAt));
                json.WriteString("detected_at", Iso(anomaly.DetectedAt));
                json.WriteString("expected", anomaly.Expected);
                json.WriteString("observed", anomaly.Observed);
                Strings(json, "sample_messages", anomaly.SampleMessages);
                Strings(json, "error_ids", anomaly.Evidence.Select(EvidenceId));
            });
    }

    /// <param name="number">Counts the states of this incident from 0: part of the id.</param>
    public static DerivedEvent Incident(Incident incident, string type, int number, DateTimeOffset at, string? rootCauseId)
    {
        var id = ContentId.Of("incident-state", incident.Id, number.ToString(CultureInfo.InvariantCulture));
        return Write(id, type, at, incident.Environment, null, incident.Id, incident.Anomalies[^1].Id, null, json =>
        {
            json.WriteString("incident_id", incident.Id);
            json.WriteString("environment", incident.Environment);
            json.WriteString("state", incident.State.ToWire());
            json.WriteString("severity", incident.Severity.ToWire());
            json.WriteString("anomaly_type", incident.Type.ToWire());
            json.WriteString("started_at", Iso(incident.StartedAt));
            json.WriteString("detected_at", Iso(incident.DetectedAt));
            json.WriteString("last_seen_at", Iso(incident.LastSeenAt));
            if (incident.ResolvedAt is { } resolved)
            {
                json.WriteString("resolved_at", Iso(resolved));
            }

            json.WriteNumber("error_count", incident.ErrorCount);
            Strings(json, "services", incident.Services);
            Strings(json, "anomaly_ids", incident.Anomalies.Select(a => a.Id));
            json.WriteString("root_cause_id", rootCauseId);
        });
    }

    /// <param name="number">Counts the explanations of this incident from 0: part of the id.</param>
    /// <param name="supersedes">Id of the explanation that this one replaces.</param>
    public static DerivedEvent RootCause(
        Incident incident, RootCauseReport report, int number, DateTimeOffset at, string? supersedes)
    {
        var anomaly = incident.Anomalies[0];
        var id = ContentId.Of("root-cause", incident.Id, number.ToString(CultureInfo.InvariantCulture));
        return Write(id, EventTypes.RootCause, at, incident.Environment,
            report.Blamed, incident.Id, anomaly.Id, null, json =>
            {
                json.WriteString("anomaly_id", anomaly.Id);
                json.WriteString("incident_id", incident.Id);
                json.WriteString("environment", incident.Environment);
                json.WriteString("root_cause", report.RootCause);
                Strings(json, "affected_services", incident.Services);
                json.WriteString("recommended_action", report.RecommendedAction);
                json.WriteString("severity", report.Severity.ToWire());
                json.WriteNumber("confidence", Math.Round(report.Confidence, 3));
                json.WriteBoolean("abstained", report.Abstained);
                json.WriteString("supersedes", supersedes);
                json.WriteStartArray("hypotheses");
                foreach (var hypothesis in report.Hypotheses)
                {
                    Write(json, hypothesis);
                }

                json.WriteEndArray();
                Strings(json, "ruled_out", report.RuledOut);
                if (report.SeenChanges.Count > 0)
                {
                    Write(json, report.SeenChanges);
                }

                if (report.Runbook is { } runbook)
                {
                    json.WriteStartObject("runbook");
                    json.WriteString("path", runbook.Path);
                    json.WriteString("title", runbook.Title);
                    json.WriteString("excerpt", runbook.Excerpt);
                    json.WriteEndObject();
                }
            });
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChangeEvidence> changes)
    {
        json.WriteStartArray("changes_seen");
        foreach (var change in changes)
        {
            json.WriteStartObject();
            json.WriteString("change_id", change.Id);
            json.WriteString("at", Iso(change.At));
            json.WriteString("service", change.Service);
            json.WriteString("kind", change.Kind);
            json.WriteString("message", QuotedText.Show(change.Summary));
            json.WriteString("source", change.Source);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <param name="number">Counts the alerts of this incident from 0: part of the id.</param>
    /// <param name="report">The explanation that stands; null when the incident ended.</param>
    public static DerivedEvent Alert(
        Incident incident, RootCauseReport? report, string type, int number, DateTimeOffset at, string? causationId)
    {
        var id = ContentId.Of("alert", incident.Id, number.ToString(CultureInfo.InvariantCulture));
        return Write(id, type, at, incident.Environment, null, incident.Id, causationId, null, json =>
        {
            json.WriteString("incident_id", incident.Id);
            json.WriteString("environment", incident.Environment);
            json.WriteString("severity", incident.Severity.ToWire());
            json.WriteString("anomaly_type", incident.Type.ToWire());
            json.WriteString("started_at", Iso(incident.StartedAt));
            Strings(json, "services", incident.Services);
            json.WriteString("expected", incident.Anomalies[0].Expected);
            json.WriteString("observed", incident.Anomalies[0].Observed);
            json.WriteNumber("error_count", incident.ErrorCount);
            Strings(json, "sample_messages", incident.Anomalies[0].SampleMessages);
            Write(json, incident.Anomalies[0].Evidence);
            if (report is not null)
            {
                json.WriteString("root_cause", report.RootCause);
                json.WriteString("suspect", report.Blamed);
                json.WriteNumber("confidence", Math.Round(report.Confidence, 3));
                json.WriteString("recommended_action", report.RecommendedAction);
                json.WriteString("runbook", report.Runbook?.Path);
            }

            if (incident.ResolvedAt is { } resolved)
            {
                json.WriteString("resolved_at", Iso(resolved));
            }
        });
    }

    /// <summary>The first line of each kind that made the finding: what the logs said at the onset.</summary>
    private static void Write(Utf8JsonWriter json, IReadOnlyList<RecordRef> evidence)
    {
        json.WriteStartArray("lines");
        foreach (var line in evidence.DistinctBy(e => (e.Service, e.Text)).Take(MaxAlertLines))
        {
            WriteLine(json, line.TimestampNanos, line.Service, line.Severity, line.Text);
        }

        json.WriteEndArray();
    }

    /// <summary>A log line that an alert quotes, as <see cref="Alerting.AlertParser"/> reads it.</summary>
    public static void WriteLine(Utf8JsonWriter json, long timestampNanos, string service, Severity severity, string text)
    {
        json.WriteStartObject();
        json.WriteString("at", Iso(UnixNanos.ToTime(timestampNanos)));
        json.WriteString("service", service);
        json.WriteString("level", severity.ToWire());
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Hypothesis hypothesis)
    {
        json.WriteStartObject();
        json.WriteString("kind", hypothesis.Kind == CauseKind.Service ? "service" : "dependency");
        json.WriteString("service", hypothesis.Service);
        if (hypothesis.Resource is { } resource)
        {
            json.WriteString("resource", resource);
        }

        json.WriteNumber("confidence", Math.Round(hypothesis.Confidence, 3));
        json.WriteNumber("score", Math.Round(hypothesis.Score, 3));
        json.WriteNumber("signals", hypothesis.Signals);
        json.WriteString("change_id", hypothesis.ChangeId);
        Evidence("for", hypothesis.For);
        Evidence("against", hypothesis.Against);
        json.WriteEndObject();

        void Evidence(string name, IReadOnlyList<EvidenceItem> items)
        {
            json.WriteStartArray(name);
            foreach (var item in items)
            {
                json.WriteStartObject();
                json.WriteString("id", item.Id);
                json.WriteString("text", item.Text);
                Strings(json, "record_ids", item.RecordIds);
                json.WriteNumber("weight", Math.Round(item.Weight, 3));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    /// <summary>The envelope of an event of ours, then its fields.</summary>
    public static DerivedEvent Write(
        string id,
        string type,
        DateTimeOffset at,
        string environment,
        string? service,
        string? correlationId,
        string? causationId,
        string? traceId,
        Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type);
            json.WriteString("source", Source);
            json.WriteString("timestamp", Iso(at));
            json.WriteStartObject("meta");
            json.WriteString("trace_id", traceId);
            json.WriteString("correlation_id", correlationId);
            json.WriteString("causation_id", causationId);
            json.WriteEndObject();
            fields(json);
            json.WriteEndObject();
        }

        return new DerivedEvent(id, type, UnixNanos.From(at), environment, service, correlationId, causationId, buffer.WrittenMemory);
    }

    /// <summary>Evidence of rules and detectors need not be an error.</summary>
    private static string EvidenceId(RecordRef evidence) => evidence.Severity.IsError() ? evidence.Id + RecordId.ErrorSuffix : evidence.Id;

    private static string? CommonTrace(IReadOnlyList<RecordRef> evidence)
    {
        var traces = evidence.Select(e => e.TraceId).Distinct().ToList();
        return traces.Count == 1 ? traces[0] : null;
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    public static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}
