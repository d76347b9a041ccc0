using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Server.Printing;

namespace Culprit.Server.Export.Datadog;

/// <summary>Writes the body of <c>POST /api/v1/events</c> for an incident that opened or ended.</summary>
internal static class DatadogEvent
{
    private const int MaxTitle = 100;
    private const int MaxText = 4000;
    private const int MaxServices = 20;

    // Datadog refuses older events.
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(17);

    /// <param name="incident"><c>incident.opened</c> or <c>incident.resolved</c> as on the wire.</param>
    public static byte[] Write(ReadOnlyMemory<byte> incident, DateTimeOffset now, string host)
    {
        using var source = JsonDocument.Parse(incident);
        var fields = source.RootElement;
        var isEnd = Text(fields, "type") == EventTypes.IncidentResolved;
        var severity = Text(fields, "severity");
        var environment = Text(fields, "environment");
        var kind = Text(fields, "anomaly_type");
        var services = fields.GetProperty("services").EnumerateArray().Select(s => s.GetString()!).ToList();
        var shown = string.Join(", ", services.Take(MaxServices).Select(Safe))
            + (services.Count > MaxServices ? string.Create(CultureInfo.InvariantCulture, $" and {services.Count - MaxServices} more") : "");
        var at = fields.GetProperty("timestamp").GetDateTimeOffset();
        at = at < now - MaxAge ? now - MaxAge : at;

        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("title", TextCut.Fit(Safe($"Incident {(isEnd ? "resolved" : "opened")}: {kind} in {environment}"), MaxTitle));
            json.WriteString("text", TextCut.Fit(
                $"Incident {Safe(Text(fields, "incident_id"))}, severity {Safe(severity)}.\n"
                + string.Create(CultureInfo.InvariantCulture, $"Services: {shown}\nErrors: {fields.GetProperty("error_count").GetInt64()}\n")
                + $"Started: {Safe(Text(fields, "started_at"))}",
                MaxText));
            json.WriteString("alert_type", isEnd ? "success" : severity is "critical" or "high" ? "error" : "warning");
            json.WriteString("aggregation_key", TextCut.Fit(Text(fields, "incident_id"), MaxTitle));
            json.WriteString("source_type_name", "culprit");
            json.WriteString("priority", "normal");
            json.WriteString("host", host);
            json.WriteNumber("date_happened", at.ToUnixTimeSeconds());
            json.WriteStartArray("tags");
            foreach (var tag in services.Take(MaxServices).Select(s => DatadogTag.Of("service", s))
                .Prepend(DatadogTag.Of("severity", severity)).Prepend(DatadogTag.Of("environment", environment)))
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static string Text(JsonElement fields, string name) => fields.GetProperty(name).GetString() ?? "";

    // "@name" in an event notifies people, and "%%%" turns on Markdown: names of services must do neither.
    private static string Safe(string text) => TerminalText.Visible(text)
        .Replace('@', '＠').Replace("%%%", "%\u200B%\u200B%", StringComparison.Ordinal);
}
