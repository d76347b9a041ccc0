using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Correlation;
using Culprit.Engine.Publishing;

namespace Culprit.Engine.Alerting;

/// <summary>Reads the JSON of an alert event. Missing fields and fields of a wrong type are as if not said.</summary>
internal static class AlertParser
{
    /// <summary>False when the bytes are not JSON, or not an alert with an id: then <paramref name="mistake"/> says why.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out Alert? alert, [NotNullWhen(false)] out string? mistake)
    {
        alert = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            mistake = Read(document.RootElement, out alert);
        }
        catch (JsonException e)
        {
            mistake = "not JSON: " + e.Message;
        }

        return alert is not null;
    }

    private static string? Read(JsonElement json, out Alert? alert)
    {
        alert = null;
        if (json.ValueKind != JsonValueKind.Object)
        {
            return "not a JSON object";
        }

        var type = Text(json, "type");
        if (KindOf(type) is not { } kind)
        {
            return type is null ? "no type" : "the type is not one of an alert";
        }

        if (Text(json, "id") is not { Length: > 0 } id)
        {
            return "no id";
        }

        alert = new Alert
        {
            Id = id,
            Kind = kind,
            IncidentId = Text(json, "incident_id") is { Length: > 0 } incident ? incident : id,
            Severity = SeverityWords.TryParse(Text(json, "severity"), out var severity) ? severity : IncidentSeverity.Critical,
            Environment = Text(json, "environment") ?? "",
            AnomalyType = Text(json, "anomaly_type"),
            IsReminder = type is EventTypes.AlertRepeated or EventTypes.AlertEscalated,
            By = Text(json, "by"),
            Services = Texts(json, "services"),
            Labels = Labels(json),
            StartedAt = Time(json, "started_at"),
            ResolvedAt = Time(json, "resolved_at"),
            Expected = Text(json, "expected"),
            Observed = Text(json, "observed"),
            ErrorCount = json.TryGetProperty("error_count", out var count) && count.ValueKind == JsonValueKind.Number
                && count.TryGetInt64(out var errors) ? errors : null,
            SampleMessages = Texts(json, "sample_messages"),
            Lines = Lines(json, "lines"),
            LinesBefore = Lines(json, "lines_before"),
            Suspect = Text(json, "suspect"),
            FailingSink = type is EventTypes.AlertUndelivered or EventTypes.AlertRedelivered ? Text(json, "sink") : null,
            RootCause = Text(json, "root_cause"),
            KnownCause = Text(json, "known_cause"),
            Confidence = json.TryGetProperty("confidence", out var sure) && sure.ValueKind == JsonValueKind.Number
                && sure.TryGetDouble(out var confidence) ? confidence : null,
            Explanation = Text(json, "explanation"),
            RecommendedAction = Text(json, "recommended_action"),
            Runbook = json.TryGetProperty("runbook", out var runbook) && runbook.ValueKind == JsonValueKind.Object
                ? Text(runbook, "path")
                : Text(json, "runbook"),
        };
        return null;
    }

    private static AlertKind? KindOf(string? type) => type switch
    {
        EventTypes.AlertFiring or EventTypes.AlertRepeated or EventTypes.AlertEscalated or EventTypes.AlertUndelivered => AlertKind.Firing,
        EventTypes.AlertUpdated => AlertKind.Updated,
        EventTypes.AlertAcknowledged => AlertKind.Acknowledged,
        EventTypes.AlertResolved or EventTypes.AlertRedelivered => AlertKind.Resolved,
        _ => null,
    };

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Text(value) : null;

    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate or broken UTF-8: shown as it was written rather than lost.
            return value.GetRawText().Trim('"');
        }
    }

    private static List<string> Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Array
            ? [.. values.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(Text)]
            : [];

    private static Dictionary<string, IReadOnlyList<string>> Labels(JsonElement json) =>
        json.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().DistinctBy(l => l.Name).ToDictionary(l => l.Name, l => (IReadOnlyList<string>)Texts(labels, l.Name), StringComparer.Ordinal)
            : [];

    /// <summary>Those with a time and a text.</summary>
    private static List<AlertLine> Lines(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Array
            ?
            [
                .. values.EnumerateArray()
                    .Where(v => v.ValueKind == JsonValueKind.Object)
                    .Select(v => (At: Time(v, "at"), Text: Text(v, "text"), Json: v))
                    .Where(l => l.At is not null && l.Text is not null)
                    .Select(l => new AlertLine(l.At!.Value, Text(l.Json, "service") ?? "", Text(l.Json, "level") ?? "", l.Text!)),
            ]
            : [];

    private static DateTimeOffset? Time(JsonElement json, string name) =>
        DateTimeOffset.TryParse(
            Text(json, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? time
                : null;
}
