using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary>Writes an alert as a Slack message of blocks, within Slack's limits.</summary>
/// <remarks>
/// Text that may come from logs is always <c>plain_text</c>, in which Slack makes no link, mention or formatting. The only
/// markup is the link to the incident, whose address comes from the configuration.
/// </remarks>
internal static class SlackMessage
{
    public const int MaxHeader = 150;
    public const int MaxSection = 3000;
    public const int MaxBlocks = 50;

    /// <summary>Slack refuses messages near 13,000 characters although each block is within its limit (slackapi/bolt-js#2509).</summary>
    public const int MaxAllText = 10_000;

    private const int MaxFallback = 1000;
    private const int MaxLink = 900;

    // Header, seven facts, two groups of lines and two links of these lengths are together within MaxAllText.
    private const int MaxFact = 700;
    private const int MaxLines = 5;
    private const int MaxLine = 290;
    private const int MaxGroup = 1500;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>For a webhook.</summary>
    public static ReadOnlyMemory<byte> Write(Alert alert, SlackOptions options) => Write(alert, alert, options, WriteNoUnfurling);

    /// <summary>For <c>chat.postMessage</c>.</summary>
    /// <param name="thread">What it replies to; null for a message of its own. That an incident came back is shown in the channel too.</param>
    public static ReadOnlyMemory<byte> WritePost(Alert alert, SlackOptions options, AlertThread? thread) => Write(alert, alert, options, json =>
    {
        WriteNoUnfurling(json);
        WriteNoParsing(json);
        json.WriteString("channel", thread?.Channel ?? options.Channel);
        if (thread is not null)
        {
            json.WriteString("thread_ts", thread.Message);
            json.WriteBoolean("reply_broadcast", alert.Kind == AlertKind.Firing);
        }
    });

    /// <summary>For <c>chat.update</c>: the first message with how things stand now. What was known and quoted at first stays.</summary>
    public static ReadOnlyMemory<byte> WriteUpdate(Alert first, Alert now, SlackOptions options, AlertThread thread)
    {
        var shown = now.Kind is AlertKind.Firing or AlertKind.Updated
            ? now with { Kind = AlertKind.Firing }
            : first with { Kind = now.Kind, Severity = now.Severity, ResolvedAt = now.ResolvedAt, Services = now.Services.Count > 0 ? now.Services : first.Services };
        return Write(shown, first, options, json =>
        {
            WriteNoParsing(json);
            json.WriteString("channel", thread.Channel);
            json.WriteString("ts", thread.Message);
        });
    }

    /// <param name="quoted">Whose log lines are shown.</param>
    private static ReadOnlyMemory<byte> Write(Alert alert, Alert quoted, SlackOptions options, Action<Utf8JsonWriter> writeMore)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        var headline = $"{Sign(alert)} {AlertText.Headline(alert, observed: false)}";
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();

            // Shown in notifications only. Slack would make links of addresses in it: broken up, they stay text.
            json.WriteString("text", SlackText.Fit(AlertText.Unlinked(headline), MaxFallback));
            writeMore(json);
            json.WriteStartArray("blocks");
            WriteBlocks(json, alert, quoted, options, headline);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteNoUnfurling(Utf8JsonWriter json)
    {
        json.WriteBoolean("mrkdwn", false);
        json.WriteBoolean("unfurl_links", false);
        json.WriteBoolean("unfurl_media", false);
    }

    private static void WriteNoParsing(Utf8JsonWriter json)
    {
        json.WriteString("parse", "none");
        json.WriteBoolean("link_names", false);
    }

    private static void WriteBlocks(Utf8JsonWriter json, Alert alert, Alert quoted, SlackOptions options, string headline)
    {
        WriteBlock(json, "header", "plain_text", SlackText.Fit(headline, MaxHeader));
        foreach (var (label, text) in AlertText.Facts(alert))
        {
            WriteBlock(json, "section", "plain_text", SlackText.Fit($"{label}: {text}", MaxFact));
        }

        foreach (var (title, lines) in AlertText.Quotes(quoted, MaxLines))
        {
            var shown = lines.Select(line => "• " + TextCut.Fit(line, MaxLine));
            WriteBlock(json, "section", "plain_text", SlackText.Fit($"{title}:\n{string.Join('\n', shown)}", MaxGroup));
        }

        var links = new[] { Link(AlertText.IncidentLink(alert, options), "Incident"), Link(AlertText.RunbookLink(alert, options), "Runbook") };
        if (links.Any(link => link is not null))
        {
            WriteBlock(json, "section", "mrkdwn", string.Join(" · ", links.OfType<string>()));
        }
    }

    private static void WriteBlock(Utf8JsonWriter json, string block, string kind, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", block);
        json.WriteStartObject("text");
        json.WriteString("type", kind);
        json.WriteString("text", text);
        if (kind == "plain_text")
        {
            json.WriteBoolean("emoji", false);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Null without an address, or with one too long to be sent whole.</summary>
    private static string? Link(string? address, string label) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url) && url.AbsoluteUri is { Length: <= MaxLink } whole
            ? $"<{whole.Replace("&", "&amp;", StringComparison.Ordinal).Replace("|", "%7C", StringComparison.Ordinal)}|{label}>"
            : null;

    private static string Sign(Alert alert) => alert.Kind switch
    {
        AlertKind.Resolved => "🟢",
        AlertKind.Acknowledged => "👀",
        AlertKind.Firing or AlertKind.Updated => alert.Severity switch
        {
            IncidentSeverity.Critical or IncidentSeverity.High => "🔴",
            IncidentSeverity.Medium => "🟠",
            IncidentSeverity.Low => "🟡",
            _ => throw new System.Diagnostics.UnreachableException("Unknown severity."),
        },
        _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
    };
}
