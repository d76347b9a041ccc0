using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Server.Http;

namespace Culprit.Server.Replaying;

/// <summary>Which stored records are played again, and what becomes of the events that follow.</summary>
/// <param name="FromNanos">Earliest event time, inclusive, Unix nanoseconds.</param>
/// <param name="ToNanos">Latest event time, exclusive.</param>
/// <param name="Types">Types of the events that are reported and published; null for all.</param>
/// <param name="IsLive">Subscribers see the records and the events; else only the answer tells of the events.</param>
/// <param name="Alerts">Alerts go to their sinks once more, and firings to their handlers; only when live.</param>
internal sealed record ReplayRequest(
    long FromNanos, long ToNanos, IReadOnlyList<string>? Types, string? Service, string? Environment, bool IsLive, bool Alerts)
{
    /// <summary>Null when a replay can make events of all the types that are asked for.</summary>
    /// <param name="known">All types that a replay can make events of.</param>
    public Problem? UnknownType(IReadOnlyCollection<string> known) => Types?.FirstOrDefault(t => !known.Contains(t)) is { } unknown
        ? Problem.BadParameter(
            "types",
            $"{JsonText.Echo(unknown)} is not a type of events that a replay makes here: {string.Join(", ", known)}. The played records themselves are not among them.")
        : null;

    public bool Wants(string type) => Types is null || Types.Contains(type, StringComparer.Ordinal);

    public static (ReplayRequest? Request, Problem? Problem) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return Read(json.RootElement);
        }
        catch (JsonException)
        {
            return (null, new Problem(400, "bad_json", "The body is not a JSON object like {\"from\":\"2026-11-23T05:00:00Z\",\"to\":\"2026-11-23T06:00:00Z\"}."));
        }
    }

    private static (ReplayRequest? Request, Problem? Problem) Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, new Problem(400, "bad_json", "The body is not a JSON object."));
        }

        long? from = null, to = null;
        List<string>? types = null;
        string? service = null, environment = null, mode = null;
        var alerts = false;
        foreach (var field in json.EnumerateObject())
        {
            var text = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : null;
            var isRead = field.Name switch
            {
                "from" => (from = Time(text)) is not null,
                "to" => (to = Time(text)) is not null,
                "service" => (service = text) is not null,
                "environment" => (environment = text) is not null,
                "mode" => (mode = text) is "dry_run" or "live",
                "alert" => TryReadFlag(field.Value, out alerts),
                "types" => (types = Texts(field.Value)) is { Count: > 0 and <= 32 },
                _ => false,
            };
            if (!isRead)
            {
                return (null, Problem.BadParameter(field.Name.Length <= 64 ? field.Name : field.Name[..64], Mistake(field)));
            }
        }

        return (from, to) switch
        {
            (null, _) or (_, null) => (null, Problem.BadParameter(from is null ? "from" : "to", "from and to are needed: ISO 8601, such as 2026-11-23T05:00:00Z.")),
            var (f, t) when f >= t => (null, Problem.BadParameter("to", "to must be later than from.")),
            _ when alerts && mode != "live" => (null, Problem.BadParameter("alert", "alert needs mode live: a dry run tells nobody.")),
            _ => (new ReplayRequest(from.Value, to.Value, types, service, environment, mode == "live", alerts), null),
        };
    }

    private static string Mistake(JsonProperty field)
    {
        var wanted = field.Name switch
        {
            "from" or "to" => "a time in ISO 8601, such as 2026-11-23T05:00:00Z",
            "types" => "a list of 1 to 32 types",
            "service" or "environment" => "a text",
            "mode" => "dry_run or live",
            "alert" => "true or false",
            _ => null,
        };
        return wanted is null
            ? $"{JsonText.Echo(field.Name)} is not one of from, to, types, service, environment, mode, alert."
            : $"{field.Name} {JsonText.Echo(field.Value.ToString())} is not {wanted}.";
    }

    private static bool TryReadFlag(JsonElement value, out bool flag)
    {
        flag = value.ValueKind == JsonValueKind.True;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
    }

    private static long? Time(string? text) =>
        text is not null && TimestampParser.TryParse(Encoding.UTF8.GetBytes(text), out var nanos) ? nanos : null;

    private static List<string>? Texts(JsonElement array) =>
        array.ValueKind == JsonValueKind.Array && array.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? [.. array.EnumerateArray().Select(t => t.GetString()!)]
            : null;
}
