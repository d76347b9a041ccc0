using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;

namespace Culprit.Server.Alerting.Sinks.PagerDuty;

/// <summary>Writes an alert as an event of PagerDuty's Events API v2, within its limits. Addresses in text are broken up: its pages make links of them.</summary>
internal static class PagerDutyMessage
{
    public const int MaxBytes = 512_000;
    public const int MaxSummary = 1024;
    public const int MaxDedupKey = 255;

    private const int MaxField = 255;
    private const int MaxNames = 100;

    // HTML is nobody's concern here, and escaped text would count three times against the limit.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>How much of each text of the details is kept; the first that fits is sent.</summary>
    private static readonly (int Samples, int Length)[] Cuts = [(20, AlertText.Longest), (10, 4096), (5, 1024), (3, 256)];

    /// <summary>The body to send, at most <see cref="MaxBytes"/>.</summary>
    public static ReadOnlyMemory<byte> Write(Alert alert, PagerDutyOptions options)
    {
        foreach (var (samples, length) in Cuts)
        {
            var body = Write(alert, options, samples, length);
            if (body.Length <= MaxBytes)
            {
                return body;
            }
        }

        // What remains is bounded far below the limit: summary, short fields and links.
        return Write(alert, options, 0, 0);
    }

    private static ReadOnlyMemory<byte> Write(Alert alert, PagerDutyOptions options, int samples, int length)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("routing_key", options.RoutingKey);
            json.WriteString("event_action", alert.Kind switch
            {
                // Equal keys make an update part of the open alert, or open one where there was none.
                AlertKind.Firing or AlertKind.Updated => "trigger",
                AlertKind.Acknowledged => "acknowledge",
                AlertKind.Resolved => "resolve",
                _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
            });
            json.WriteString("dedup_key", TextCut.Key(alert.IncidentId, MaxDedupKey));
            if (alert.Kind is AlertKind.Firing or AlertKind.Updated)
            {
                WritePayload(json, alert, samples, length);
                WriteLinks(json, alert, options);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WritePayload(Utf8JsonWriter json, Alert alert, int samples, int length)
    {
        json.WriteStartObject("payload");
        json.WriteString("summary", TextCut.Fit(AlertText.Unlinked(AlertText.Headline(alert, observed: true)), MaxSummary));
        json.WriteString("source", Field(alert.Services.Count > 0 ? alert.Services[0] : null) ?? Field(alert.Environment) ?? "culprit");
        json.WriteString("severity", alert.Severity switch
        {
            IncidentSeverity.Critical => "critical",
            IncidentSeverity.High => "error",
            IncidentSeverity.Medium => "warning",
            IncidentSeverity.Low => "info",
            _ => throw new System.Diagnostics.UnreachableException("Unknown severity."),
        });
        if (alert.StartedAt is { } started)
        {
            json.WriteString("timestamp", AlertText.Iso(started));
        }

        WriteField(json, "component", alert.Services.Count > 0 ? alert.Services[0] : null);
        WriteField(json, "group", alert.Environment);
        WriteField(json, "class", alert.AnomalyType);
        if (length > 0)
        {
            WriteDetails(json, alert, samples, length);
        }

        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, Alert alert, int samples, int length)
    {
        json.WriteStartObject("custom_details");
        json.WriteString("alert_id", TextCut.Key(alert.Id, MaxField));
        json.WriteString("incident_id", TextCut.Key(alert.IncidentId, MaxField));
        foreach (var (label, text) in AlertText.Facts(alert))
        {
            json.WriteString(AlertText.Key(label), TextCut.Fit(AlertText.Unlinked(text), length));
        }

        if (alert.ErrorCount is { } errors)
        {
            json.WriteNumber("error_count", errors);
        }

        json.WriteStartArray("services");
        foreach (var service in alert.Services.Take(MaxNames))
        {
            json.WriteStringValue(Field(service));
        }

        json.WriteEndArray();
        foreach (var (title, lines) in AlertText.Quotes(alert, samples))
        {
            json.WriteStartArray(AlertText.Key(title));
            foreach (var line in lines)
            {
                json.WriteStringValue(TextCut.Fit(AlertText.Unlinked(line), length));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteLinks(Utf8JsonWriter json, Alert alert, PagerDutyOptions options)
    {
        var incident = AlertText.IncidentLink(alert, options);
        var runbook = AlertText.RunbookLink(alert, options);
        json.WriteString("client", "Culprit");
        if (incident is not null)
        {
            json.WriteString("client_url", incident);
        }

        if (incident is null && runbook is null)
        {
            return;
        }

        json.WriteStartArray("links");
        WriteLink(incident, "Incident");
        WriteLink(runbook, "Runbook");
        json.WriteEndArray();

        void WriteLink(string? href, string text)
        {
            if (href is not null)
            {
                json.WriteStartObject();
                json.WriteString("href", href);
                json.WriteString("text", text);
                json.WriteEndObject();
            }
        }
    }

    private static void WriteField(Utf8JsonWriter json, string name, string? text)
    {
        if (Field(text) is { } field)
        {
            json.WriteString(name, field);
        }
    }

    private static string? Field(string? text) => string.IsNullOrWhiteSpace(text) ? null : TextCut.Fit(AlertText.Unlinked(AlertText.Name(text)), MaxField);
}
