using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Ingestion;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.People;

/// <summary>Silences as JSON: of the API and of the store alike.</summary>
internal static class SilenceJson
{
    private const int MaxText = 500;
    private const int MaxIncidents = 100;

    private static readonly string[] Fields =
    [
        "environments", "services", "anomaly_types", "labels", "incidents", "min_severity", "max_severity", "by", "comment", "starts_at", "ends_at", "duration",
    ];

    public static ReadOnlyMemory<byte> Render(Silence silence, DateTimeOffset? now = null)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("id", silence.Id);
            if (now is { } at)
            {
                json.WriteString("state", silence.IsActive(at) ? "active" : at < silence.StartsAt ? "pending" : "ended");
            }

            Write(json, silence.Match);
            json.WriteString("by", silence.Author);
            json.WriteString("comment", silence.Comment);
            json.WriteString("starts_at", Iso(silence.StartsAt));
            json.WriteString("ends_at", Iso(silence.EndsAt));
            json.WriteString("created_at", Iso(silence.CreatedAt));
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    /// <summary>One of the store, which wrote it itself.</summary>
    public static Silence Read(ReadOnlyMemory<byte> stored)
    {
        using var document = JsonDocument.Parse(stored);
        var json = document.RootElement;
        var match = MatcherReader.Read(Options(json), "", []) with { Incidents = JsonFields.Texts(json, "incidents") };
        return new Silence(
            JsonFields.Text(json, "id"), match, JsonFields.Text(json, "by"), JsonFields.Text(json, "comment"),
            json.GetProperty("starts_at").GetDateTimeOffset(), json.GetProperty("ends_at").GetDateTimeOffset(), json.GetProperty("created_at").GetDateTimeOffset());
    }

    /// <summary>One that somebody asks for, or the first thing that is wrong with it.</summary>
    /// <param name="caller">Its author, when the request names none.</param>
    public static (Silence? Silence, Problem? Problem) ReadRequest(JsonElement json, string caller, string id, DateTimeOffset now)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, new Problem(400, "bad_silence", "Send an object with matchers, 'ends_at' or 'duration', and 'comment'."));
        }

        var problem = json.EnumerateObject().Where(p => !Fields.Contains(p.Name))
                .Select(p => Problem.BadParameter("silence", $"There is no field {JsonText.Echo(p.Name)}; there are {string.Join(", ", Fields)}.")).FirstOrDefault()
            ?? ShapeProblem(json);
        if (problem is not null)
        {
            return (null, problem);
        }

        var mistakes = new List<string>();
        var match = MatcherReader.Read(Options(json), "", mistakes) with { Incidents = JsonFields.Texts(json, "incidents") };
        if (mistakes.Count > 0)
        {
            return (null, Problem.BadParameter("silence", mistakes[0]));
        }

        if (match.Environments.Count + match.Services.Count + match.AnomalyTypes.Count + match.Labels.Count + match.Incidents.Count == 0)
        {
            return (null, Problem.BadParameter("silence", "Say what to silence: environments, services, anomaly_types, labels or incidents. '*' is any."));
        }

        var start = JsonFields.Time(json, "starts_at") ?? now;
        var end = JsonFields.Time(json, "ends_at") ?? (Engine.Filtering.FilterText.TryParseDuration(JsonFields.Text(json, "duration"), out var duration) ? start + duration : null);
        return end is not { } ends ? (null, Problem.BadParameter("ends_at", "Give 'ends_at', an ISO 8601 time, or 'duration', such as 90m, 2h or 3d."))
            : ends <= start || ends <= now || ends - start > Silence.Longest
                ? (null, Problem.BadParameter("ends_at", $"A silence ends after it starts and after now, and lasts at most {Silence.Longest.TotalDays:0} days."))
                : (new Silence(id, match, JsonFields.TextOrNull(json, "by") ?? caller, JsonFields.Text(json, "comment"), start, ends, now), null);
    }

    private static Problem? ShapeProblem(JsonElement json)
    {
        foreach (var field in json.EnumerateObject())
        {
            var ok = field.Name switch
            {
                "environments" or "services" or "anomaly_types" or "incidents" => IsTexts(field.Value),
                "labels" => field.Value.ValueKind == JsonValueKind.Object
                    && field.Value.EnumerateObject().All(l => l.Value.ValueKind == JsonValueKind.String || IsTexts(l.Value)),
                "starts_at" or "ends_at" => JsonFields.Time(json, field.Name) is not null,
                _ => field.Value.ValueKind == JsonValueKind.String && field.Value.GetString() is { Length: <= MaxText } text && !text.Any(char.IsControl),
            };
            if (!ok)
            {
                return Problem.BadParameter(field.Name, $"'{field.Name}' is not allowed as it is; matchers are lists of texts, times ISO 8601, texts at most {MaxText} characters.");
            }
        }

        return JsonFields.Text(json, "comment").Trim().Length == 0 ? Problem.BadParameter("comment", "Say why, in 'comment'.") : null;
    }

    private static bool IsTexts(JsonElement value) => value.ValueKind == JsonValueKind.Array
        && value.GetArrayLength() <= MaxIncidents && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String);

    private static SilenceMatch Options(JsonElement json)
    {
        var options = new SilenceMatch
        {
            MinSeverity = JsonFields.TextOrNull(json, "min_severity") ?? "low",
            MaxSeverity = JsonFields.TextOrNull(json, "max_severity") ?? "critical",
            Environments = JsonFields.Texts(json, "environments"),
            Services = JsonFields.Texts(json, "services"),
            AnomalyTypes = JsonFields.Texts(json, "anomaly_types"),
        };
        if (json.TryGetProperty("labels", out var labels))
        {
            foreach (var label in labels.EnumerateObject())
            {
                options.Labels[label.Name] = label.Value.ValueKind == JsonValueKind.String ? [label.Value.GetString()!] : JsonFields.Texts(labels, label.Name);
            }
        }

        return options;
    }

    private static void Write(Utf8JsonWriter json, AlertMatcher match)
    {
        Write(json, "environments", match.Environments);
        Write(json, "services", match.Services);
        Write(json, "anomaly_types", match.AnomalyTypes);
        Write(json, "incidents", match.Incidents);
        json.WriteStartObject("labels");
        foreach (var (key, values) in match.Labels)
        {
            Write(json, key, values);
        }

        json.WriteEndObject();
        json.WriteString("min_severity", match.MinSeverity.ToWire());
        json.WriteString("max_severity", match.MaxSeverity.ToWire());
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private sealed class SilenceMatch : MatcherOptions;
}
