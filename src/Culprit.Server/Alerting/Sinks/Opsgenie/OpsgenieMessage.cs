using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;

namespace Culprit.Server.Alerting.Sinks.Opsgenie;

/// <summary>Writes an alert as a request to Opsgenie's alert API, within its limits.</summary>
/// <remarks>Descriptions may hold HTML and name people there: in text from logs brackets are others, and addresses and <c>@</c> are broken up.</remarks>
internal static class OpsgenieMessage
{
    public const int MaxMessage = 130;
    public const int MaxAlias = 512;
    public const int MaxDescription = 15_000;
    public const int MaxTags = 20;
    public const int MaxTag = 50;

    /// <summary>All names and values of the details together.</summary>
    public const int MaxDetails = 8000;

    private const int MaxEntity = 512;
    private const int MaxDetail = 500;

    // Seven facts and ten lines of this length fit into a description.
    private const int MaxFact = 1000;
    private const int MaxLines = 5;
    private const int MaxLine = 500;
    private const string Source = "Culprit";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Where the request goes: creating finds an open alert of the same alias, ending names it.</summary>
    public static Uri Address(Alert alert, OpsgenieOptions options)
    {
        var alerts = options.Url.TrimEnd('/');
        var alias = Uri.EscapeDataString(Alias(alert));
        return alert.Kind switch
        {
            AlertKind.Firing or AlertKind.Updated => new Uri(alerts),
            AlertKind.Acknowledged => new Uri($"{alerts}/{alias}/acknowledge?identifierType=alias"),
            AlertKind.Resolved => new Uri($"{alerts}/{alias}/close?identifierType=alias"),
            _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
        };
    }

    public static ReadOnlyMemory<byte> Write(Alert alert, OpsgenieOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            if (alert.Kind is AlertKind.Firing or AlertKind.Updated)
            {
                WriteAlert(json, alert, options);
            }
            else
            {
                json.WriteString("source", Source);
                json.WriteString("note", TextCut.Fit(Description(alert, options), MaxDescription));
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteAlert(Utf8JsonWriter json, Alert alert, OpsgenieOptions options)
    {
        json.WriteString("message", TextCut.Fit(Inert(AlertText.Headline(alert, observed: true)), MaxMessage));
        json.WriteString("alias", Alias(alert));
        var description = TextCut.Fit(Description(alert, options), MaxDescription);
        json.WriteString("description", description);
        json.WriteString("priority", options.PriorityOf(alert.Severity));
        json.WriteString("source", Source);
        if (alert.Services.Count > 0)
        {
            json.WriteString("entity", TextCut.Fit(Inert(AlertText.Name(alert.Services[0])), MaxEntity));
        }

        if (alert.Kind == AlertKind.Updated)
        {
            // An open alert keeps its first description; only a note tells what has become known since.
            json.WriteString("note", description);
        }

        if (options.Teams.Count > 0)
        {
            json.WriteStartArray("responders");
            foreach (var team in options.Teams)
            {
                json.WriteStartObject();
                json.WriteString("type", "team");
                json.WriteString("name", team);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        WriteTags(json, alert, options);
        WriteDetails(json, alert, options);
    }

    private static void WriteTags(Utf8JsonWriter json, Alert alert, OpsgenieOptions options)
    {
        var found = new[] { alert.Environment, alert.AnomalyType ?? "" }.Concat(alert.Services)
            .Where(t => !string.IsNullOrWhiteSpace(t))
            .Select(t => TextCut.Fit(Inert(AlertText.Name(t)), MaxTag));
        json.WriteStartArray("tags");
        foreach (var tag in options.Tags.Concat(found).Distinct(StringComparer.Ordinal).Take(MaxTags))
        {
            json.WriteStringValue(tag);
        }

        json.WriteEndArray();
    }

    private static void WriteDetails(Utf8JsonWriter json, Alert alert, OpsgenieOptions options)
    {
        var left = MaxDetails;
        json.WriteStartObject("details");
        Detail("incident_id", alert.IncidentId);
        Detail("alert_id", alert.Id);
        Detail("severity", alert.Severity.ToWire());
        Detail("environment", alert.Environment);
        Detail("anomaly_type", alert.AnomalyType);
        Detail("started_at", alert.StartedAt is { } started ? AlertText.Iso(started) : null);
        Detail("error_count", alert.ErrorCount?.ToString(CultureInfo.InvariantCulture));
        Detail("confidence", alert.Confidence?.ToString("0.##", CultureInfo.InvariantCulture));
        Detail("services", TextCut.Names([.. alert.Services.Take(20).Select(AlertText.Name), .. alert.Services.Skip(20)], 20));
        Detail("incident", AlertText.IncidentLink(alert, options), isOurs: true);
        Detail("runbook", AlertText.RunbookLink(alert, options) ?? alert.Runbook, isOurs: AlertText.RunbookLink(alert, options) is not null);
        json.WriteEndObject();

        void Detail(string name, string? value, bool isOurs = false)
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                var text = TextCut.Fit(isOurs ? value : Inert(AlertText.Line(value)), Math.Min(MaxDetail, left - name.Length));
                left -= name.Length + text.Length;
                json.WriteString(name, text);
            }
        }
    }

    private static string Description(Alert alert, OpsgenieOptions options)
    {
        var text = new StringBuilder();
        text.Append(Inert(AlertText.Headline(alert, observed: false))).Append('\n');
        foreach (var (label, fact) in AlertText.Facts(alert))
        {
            text.Append('\n').Append(label).Append(": ").Append(TextCut.Fit(Inert(fact), MaxFact)).Append('\n');
        }

        if (AlertText.IncidentLink(alert, options) is { } link)
        {
            text.Append("\nIncident: ").Append(link).Append('\n');
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, MaxLines))
        {
            text.Append('\n').Append(title).Append(":\n");
            foreach (var line in lines)
            {
                text.Append("- ").Append(TextCut.Fit(Inert(line), MaxLine)).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Inert(string text) => AlertText.Unlinked(text)
        .Replace('<', '‹')
        .Replace('>', '›')
        .Replace("@", "(at)", StringComparison.Ordinal);

    private static string Alias(Alert alert) => TextCut.Key(alert.IncidentId, MaxAlias);
}
