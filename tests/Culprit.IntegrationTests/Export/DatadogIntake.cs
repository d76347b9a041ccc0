using System.IO.Compression;
using System.Text.Json;
using Culprit.IntegrationTests.Alerting;

namespace Culprit.IntegrationTests.Export;

/// <summary>Datadog's intake as documented: what breaks a rule is answered 4xx with the reason.</summary>
internal static class DatadogIntake
{
    public const string Key = "0123456789abcdef0123456789abcdef";

    public const int MaxBytes = 512_000;

    public static Func<Arrival, Reply> At(Func<DateTimeOffset> now) => arrival =>
    {
        if (arrival.Headers.GetValueOrDefault("DD-API-KEY") != Key)
        {
            return new Reply(403, """{"errors":["Forbidden"]}""");
        }

        var mistake = (arrival.Method, arrival.Path) switch
        {
            ("POST", "/api/v2/series") => CheckSeries(arrival, now()),
            ("POST", "/api/v1/events") => CheckEvent(Json(arrival), now()),
            _ => "no such path",
        };
        return mistake is null
            ? new Reply(202, """{"errors":[]}""")
            : new Reply(400, JsonSerializer.Serialize(new { errors = new[] { mistake } }));
    };

    public static JsonElement Json(Arrival arrival)
    {
        using var body = new MemoryStream(arrival.Body);
        using Stream plain = arrival.Headers.GetValueOrDefault("Content-Encoding") == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var json = JsonDocument.Parse(plain);
        return json.RootElement.Clone();
    }

    private static string? CheckSeries(Arrival arrival, DateTimeOffset now)
    {
        if (arrival.Body.Length > MaxBytes || arrival.Headers.GetValueOrDefault("Content-Type") != "application/json")
        {
            return "too large, or not JSON";
        }

        foreach (var series in Json(arrival).GetProperty("series").EnumerateArray())
        {
            var type = series.GetProperty("type").GetInt32();
            var metric = series.GetProperty("metric").GetString()!;
            var isNamed = metric.Length is > 0 and <= 200 && metric.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
            var hasInterval = series.TryGetProperty("interval", out var interval) && interval.GetInt64() > 0;
            var age = now - DateTimeOffset.FromUnixTimeSeconds(series.GetProperty("points").EnumerateArray().Single().GetProperty("timestamp").GetInt64());
            _ = series.GetProperty("points")[0].GetProperty("value").GetDouble();
            if (!isNamed || type is < 0 or > 3 || (type is 1 or 2) != hasInterval || age > TimeSpan.FromHours(1) || age < TimeSpan.FromMinutes(-10))
            {
                return "a series is wrong: " + series;
            }

            if (series.GetProperty("tags").EnumerateArray().Any(t => t.GetString() is not { Length: <= 200 } tag || !char.IsLetter(tag[0]))
                || series.GetProperty("resources")[0].GetProperty("type").GetString() != "host"
                || series.EnumerateObject().Any(p => p.Name is not ("metric" or "type" or "interval" or "points" or "resources" or "tags" or "unit")))
            {
                return "tags, resources or fields are wrong: " + series;
            }
        }

        return null;
    }

    private static string? CheckEvent(JsonElement sent, DateTimeOffset now)
    {
        var age = now - DateTimeOffset.FromUnixTimeSeconds(sent.GetProperty("date_happened").GetInt64());
        var isRight = sent.GetProperty("title").GetString() is { Length: > 0 and <= 100 }
            && sent.GetProperty("text").GetString() is { Length: > 0 and <= 4000 }
            && sent.GetProperty("aggregation_key").GetString() is { Length: > 0 and <= 100 }
            && sent.GetProperty("alert_type").GetString() is "error" or "warning" or "info" or "success"
            && sent.GetProperty("priority").GetString() is "normal" or "low"
            && sent.GetProperty("source_type_name").GetString() is { Length: > 0 }
            && sent.GetProperty("tags").EnumerateArray().All(t => t.GetString() is { Length: <= 200 })
            && age < TimeSpan.FromHours(18);
        return isRight ? null : "the event is wrong: " + sent;
    }
}
