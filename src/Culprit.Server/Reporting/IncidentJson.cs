using System.Buffers;
using System.Text.Json;
using Culprit.Engine.RootCause.Learning;

namespace Culprit.Server.Reporting;

/// <summary>The report for scripts: the wire's events of the incident, with timeline, changes and cited records.</summary>
internal static class IncidentJson
{
    public static ReadOnlyMemory<byte> Render(IncidentReport report)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WritePropertyName("incident");
            report.State.WriteTo(json);
            json.WritePropertyName("root_cause");
            if (report.Cause.ValueKind == JsonValueKind.Object)
            {
                report.Cause.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }

            json.WritePropertyName("analysis");
            if (report.Finding.Analysis.ValueKind == JsonValueKind.Object)
            {
                report.Finding.Analysis.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }

            Known(json, report.Known);
            Array(json, "anomalies", report.Finding.Anomalies, (writer, anomaly) => anomaly.WriteTo(writer));
            Array(json, "timeline", report.Timeline, (writer, entry) =>
            {
                writer.WriteStartObject();
                writer.WriteString("at", entry.At.UtcDateTime);
                writer.WriteString("text", entry.Text);
                writer.WriteEndObject();
            });
            Array(json, "changes", report.Changes, (writer, change) =>
            {
                writer.WriteStartObject();
                writer.WriteString("change_id", change.Id);
                writer.WriteString("at", change.At.UtcDateTime);
                writer.WriteString("service", change.Service);
                writer.WriteString("kind", change.Kind);
                writer.WriteString("message", change.Message);
                writer.WriteString("verdict", change.Verdict);
                writer.WriteEndObject();
            });
            Array(json, "records", report.Lines.Values.OrderBy(l => l.At), (writer, line) =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", line.Id);
                writer.WriteString("at", line.At.UtcDateTime);
                writer.WriteString("service", line.Service);
                writer.WriteString("level", line.Level);
                writer.WriteString("message", line.Message);
                writer.WriteEndObject();
            });
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static void Known(Utf8JsonWriter json, KnownCause? known)
    {
        if (known is null)
        {
            json.WriteNull("known_cause");
            return;
        }

        json.WriteStartObject("known_cause");
        json.WriteString("name", known.Name);
        json.WriteString("service", known.Service);
        json.WriteNumber("times", known.Times);
        json.WriteString("last_at", known.LastAt.UtcDateTime);
        json.WriteString("runbook", known.Runbook);
        json.WriteString("text", known.ToString());
        json.WriteEndObject();
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }
}
