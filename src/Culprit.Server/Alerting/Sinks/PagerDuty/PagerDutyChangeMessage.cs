using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Delivery;

namespace Culprit.Server.Alerting.Sinks.PagerDuty;

/// <summary>Writes a change as a change event of PagerDuty's Events API v2: shown beside incidents, it pages nobody.</summary>
internal static class PagerDutyChangeMessage
{
    private const int MaxField = 255;
    private const int MaxFile = 500;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body to send, far below what PagerDuty takes.</summary>
    public static ReadOnlyMemory<byte> Write(ForwardedChange change, PagerDutyOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("routing_key", options.RoutingKey);
            json.WriteStartObject("payload");
            json.WriteString("summary", TextCut.Fit(AlertText.Unlinked(Summary(change)), PagerDutyMessage.MaxSummary));
            json.WriteString("timestamp", AlertText.Iso(change.At));
            json.WriteString("source", Field(change.Service.Length > 0 ? change.Service : change.Environment.Length > 0 ? change.Environment : "culprit"));
            json.WriteStartObject("custom_details");
            foreach (var (name, value) in new[]
            {
                ("kind", change.Kind), ("change_id", change.Id), ("service", change.Service), ("environment", change.Environment), ("commit", change.Commit),
            })
            {
                if (value.Length > 0)
                {
                    json.WriteString(name, Field(value));
                }
            }

            if (change.Files.Count > 0)
            {
                json.WriteStartArray("files");
                foreach (var file in change.Files)
                {
                    json.WriteStringValue(TextCut.Fit(AlertText.Unlinked(AlertText.Line(file)), MaxFile));
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static string Summary(ForwardedChange change)
    {
        var message = AlertText.Line(change.Message).Trim();
        return message.Length > 0 ? message : $"{AlertText.Name(change.Kind)} {AlertText.Name(change.Service)}".Trim();
    }

    private static string Field(string text) => TextCut.Fit(AlertText.Unlinked(AlertText.Name(text)), MaxField);
}
