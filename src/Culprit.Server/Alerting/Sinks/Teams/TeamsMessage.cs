using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;

namespace Culprit.Server.Alerting.Sinks.Teams;

/// <summary>Writes an alert as an Adaptive Card, within what Teams takes.</summary>
/// <remarks>
/// Text that may come from logs is always a <c>TextRun</c>, in which there is no Markdown; addresses in it are broken up, and so are the
/// templates of cards (<c>{{DATE(…)}}</c>). The only links are buttons, whose addresses come from the configuration.
/// </remarks>
internal static class TeamsMessage
{
    /// <summary>Teams takes some 28 KB.</summary>
    public const int MaxBytes = 25_000;

    private const int MaxHeadline = 300;
    private const string Version = "1.4";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>How much of each text is kept; the first that fits is sent.</summary>
    private static readonly (int Samples, int Length)[] Cuts = [(5, 1000), (5, 400), (3, 200), (0, 100)];

    public static ReadOnlyMemory<byte> Write(Alert alert, TeamsOptions options)
    {
        ReadOnlyMemory<byte> body = default;
        foreach (var (samples, length) in Cuts)
        {
            body = Write(alert, options, samples, length);
            if (body.Length <= MaxBytes)
            {
                break;
            }
        }

        return body;
    }

    private static ReadOnlyMemory<byte> Write(Alert alert, TeamsOptions options, int samples, int length)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("type", "message");
            json.WriteStartArray("attachments");
            json.WriteStartObject();
            json.WriteString("contentType", "application/vnd.microsoft.card.adaptive");
            json.WriteNull("contentUrl");
            json.WriteStartObject("content");
            json.WriteString("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
            json.WriteString("type", "AdaptiveCard");
            json.WriteString("version", Version);
            json.WriteStartArray("body");
            WriteBody(json, alert, samples, length);
            json.WriteEndArray();
            WriteLinks(json, alert, options);
            json.WriteStartObject("msteams");
            json.WriteString("width", "full");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteBody(Utf8JsonWriter json, Alert alert, int samples, int length)
    {
        WriteBlock(json, [(AlertText.Headline(alert, observed: false), true)], MaxHeadline, Colour(alert));
        foreach (var (label, text) in AlertText.Facts(alert))
        {
            WriteBlock(json, [(label + ": ", true), (text, false)], length);
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, samples))
        {
            WriteBlock(json, [(title + ":", true)], length);
            foreach (var line in lines)
            {
                WriteBlock(json, [("• " + line, false)], length);
            }
        }
    }

    private static void WriteBlock(Utf8JsonWriter json, (string Text, bool IsBold)[] runs, int length, string? colour = null)
    {
        json.WriteStartObject();
        json.WriteString("type", "RichTextBlock");
        json.WriteStartArray("inlines");
        foreach (var (text, isBold) in runs)
        {
            json.WriteStartObject();
            json.WriteString("type", "TextRun");
            json.WriteString("text", TextCut.Fit(Inert(text), length));
            if (isBold)
            {
                json.WriteString("weight", "Bolder");
            }

            if (colour is not null)
            {
                json.WriteString("size", "Medium");
                json.WriteString("color", colour);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLinks(Utf8JsonWriter json, Alert alert, TeamsOptions options)
    {
        var links = new[] { (Title: "Incident", Url: AlertText.IncidentLink(alert, options)), (Title: "Runbook", Url: AlertText.RunbookLink(alert, options)) };
        if (!links.Any(l => l.Url is not null))
        {
            return;
        }

        json.WriteStartArray("actions");
        foreach (var (title, url) in links.Where(l => l.Url is not null))
        {
            json.WriteStartObject();
            json.WriteString("type", "Action.OpenUrl");
            json.WriteString("title", title);
            json.WriteString("url", url);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Inert(string text) => AlertText.Unlinked(text)
        .Replace("{{", "{ {", StringComparison.Ordinal)
        .Replace("<at>", "<at >", StringComparison.OrdinalIgnoreCase);

    private static string Colour(Alert alert) => alert.Kind switch
    {
        AlertKind.Resolved => "Good",
        AlertKind.Acknowledged => "Accent",
        AlertKind.Firing or AlertKind.Updated => alert.Severity is IncidentSeverity.Critical or IncidentSeverity.High ? "Attention" : "Warning",
        _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
    };
}
