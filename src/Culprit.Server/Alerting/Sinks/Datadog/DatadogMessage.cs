using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;

namespace Culprit.Server.Alerting.Sinks.Datadog;

/// <summary>Writes an alert as an event of Datadog's Events API v1, within its limits.</summary>
/// <remarks>
/// An event's text notifies whom it names with <c>@</c>, and becomes Markdown after <c>%%%</c>: in text from logs both are broken up, and so are
/// addresses. Ours is plain text without either.
/// </remarks>
internal static class DatadogMessage
{
    /// <summary>What is longer is cut by Datadog.</summary>
    public const int MaxTitle = 500;

    /// <summary>What is longer is cut by Datadog.</summary>
    public const int MaxText = 4000;

    public const int MaxAggregationKey = 100;
    public const int MaxTag = 200;

    private const int MaxServices = 20;

    // Seven facts, two groups of lines and two links of these lengths are together within MaxText.
    private const int MaxFact = 250;
    private const int MaxLines = 4;
    private const int MaxLine = 150;
    private const int MaxLink = 450;

    /// <summary>Datadog takes no older ones; a little less, for clocks that differ.</summary>
    private static readonly TimeSpan OldestEvent = TimeSpan.FromHours(17);

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Write(Alert alert, DatadogOptions options, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("title", TextCut.Fit(Inert(AlertText.Headline(alert, observed: true)), MaxTitle));
            json.WriteString("text", Text(alert, options));
            json.WriteString("aggregation_key", TextCut.Key(alert.IncidentId, MaxAggregationKey));
            json.WriteString("alert_type", AlertType(alert));
            json.WriteString("priority", alert.Severity == IncidentSeverity.Low ? "low" : "normal");
            json.WriteString("source_type_name", "culprit");
            if (Happened(alert) is { } happened && happened <= now && now - happened < OldestEvent)
            {
                json.WriteNumber("date_happened", happened.ToUnixTimeSeconds());
            }

            json.WriteStartArray("tags");
            foreach (var tag in Tags(alert, options))
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The text as Datadog keeps a tag: small letters, what it would replace replaced, at most 200 characters; empty when nothing is left.</summary>
    public static string Tag(string text)
    {
        var tag = new StringBuilder(Math.Min(text.Length, MaxTag));
        foreach (var c in text)
        {
            var isFirst = tag.Length == 0;
            if (tag.Length == MaxTag)
            {
                break;
            }

            if (char.IsAsciiLetter(c) || (!isFirst && (char.IsAsciiDigit(c) || c is '_' or '-' or ':' or '.' or '/')))
            {
                tag.Append(char.ToLowerInvariant(c));
            }
            else if (!isFirst && tag[^1] != '_')
            {
                tag.Append('_');
            }
        }

        return tag.ToString();
    }

    private static string Text(Alert alert, DatadogOptions options)
    {
        var text = new StringBuilder();
        foreach (var (label, fact) in AlertText.Facts(alert))
        {
            text.Append(label).Append(": ").Append(TextCut.Fit(Inert(fact), MaxFact)).Append('\n');
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, MaxLines))
        {
            text.Append('\n').Append(title).Append(":\n");
            foreach (var line in lines)
            {
                text.Append("- ").Append(TextCut.Fit(Inert(line), MaxLine)).Append('\n');
            }
        }

        foreach (var (title, link) in new[] { ("Incident", AlertText.IncidentLink(alert, options)), ("Runbook", AlertText.RunbookLink(alert, options)) })
        {
            if (link is { Length: <= MaxLink })
            {
                text.Append('\n').Append(title).Append(": ").Append(link.Replace("@", "%40", StringComparison.Ordinal)).Append('\n');
            }
        }

        // It must not be empty.
        return text.Length == 0 ? AlertText.Name(alert.IncidentId) is { Length: > 0 } id ? Inert(id) : "-" : text.ToString();
    }

    private static IEnumerable<string> Tags(Alert alert, DatadogOptions options) => options.Tags
        .Append("source:culprit")
        .Append($"severity:{alert.Severity.ToWire()}")
        .Concat(Named("env", alert.Environment))
        .Concat(Named("anomaly", alert.AnomalyType))
        .Concat(alert.Services.Take(MaxServices).SelectMany(service => Named("service", service)))
        .Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Named(string key, string? value) => string.IsNullOrWhiteSpace(value) ? [] : [Tag($"{key}:{value}")];

    private static DateTimeOffset? Happened(Alert alert) => alert.Kind switch
    {
        AlertKind.Firing => alert.StartedAt,
        AlertKind.Resolved => alert.ResolvedAt,
        AlertKind.Updated or AlertKind.Acknowledged => null,
        _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
    };

    private static string AlertType(Alert alert) => alert.Kind switch
    {
        AlertKind.Resolved => "success",
        AlertKind.Acknowledged => "info",
        AlertKind.Firing or AlertKind.Updated => alert.Severity switch
        {
            IncidentSeverity.Critical or IncidentSeverity.High => "error",
            IncidentSeverity.Medium => "warning",
            IncidentSeverity.Low => "info",
            _ => throw new System.Diagnostics.UnreachableException("Unknown severity."),
        },
        _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
    };

    private static string Inert(string text) => AlertText.Unlinked(text)
        .Replace("@", "(at)", StringComparison.Ordinal)
        .Replace("%%", "% %", StringComparison.Ordinal);
}
