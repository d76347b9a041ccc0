using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>Valid alerts, and what hostile logs would make of them.</summary>
internal static class SomeAlert
{
    /// <summary>Markup, mentions, links, terminal codes, a right-to-left override, quotes and a lone surrogate.</summary>
    public const string Hostile =
        "<!channel> <@U123> <https://evil.example|click> *b* `c` &amp; @here http://evil.example \u001b[31m \u202edlrow \"q\" \\ \ud800 </script>";

    public static Alert Firing => new()
    {
        Id = "a1b2c3d4e5f60718a1b2c3d4e5f60718",
        Kind = AlertKind.Firing,
        IncidentId = "0123456789abcdef0123456789abcdef",
        Severity = IncidentSeverity.High,
        Environment = "prod",
        AnomalyType = "connection_failure",
        Services = ["payments", "checkout"],
        StartedAt = new DateTimeOffset(2026, 5, 4, 10, 20, 30, TimeSpan.Zero),
        Expected = "at most 2 errors in 60 s",
        Observed = "23 errors in 60 s",
        ErrorCount = 23,
        SampleMessages = ["connection to db:5432 refused", "payment 17 failed\n  at Pay.Do()"],
        Lines =
        [
            new AlertLine(new DateTimeOffset(2026, 5, 4, 10, 20, 30, TimeSpan.Zero), "payments", "error", "connection to db:5432 refused"),
            new AlertLine(new DateTimeOffset(2026, 5, 4, 10, 20, 31, TimeSpan.Zero), "payments", "error", "payment 17 failed\n  at Pay.Do()"),
        ],
        LinesBefore =
        [
            new AlertLine(new DateTimeOffset(2026, 5, 4, 10, 20, 12, TimeSpan.Zero), "payments", "info", "payment 15 done in 41 ms"),
            new AlertLine(new DateTimeOffset(2026, 5, 4, 10, 20, 28, TimeSpan.Zero), "payments", "warn", "pool: 10 of 10 connections in use"),
        ],
        Suspect = "db",
        RootCause = "payments cannot reach db since 10:20:28.",
        Confidence = 0.82,
        RecommendedAction = "Check that db accepts connections.",
        Runbook = "db/connections.md",
    };

    public static Alert Resolved => Firing with
    {
        Id = "ffffffffffffffffffffffffffffffff",
        Kind = AlertKind.Resolved,
        ResolvedAt = new DateTimeOffset(2026, 5, 4, 10, 31, 0, TimeSpan.Zero),
        RootCause = null,
        Confidence = null,
        RecommendedAction = null,
        Runbook = null,
    };

    /// <summary>Every text replaced by the same one.</summary>
    public static Alert Saying(string text) => Firing with
    {
        Environment = text,
        AnomalyType = text,
        Services = [.. Enumerable.Repeat(text, 200)],
        Expected = text,
        Observed = text,
        SampleMessages = [.. Enumerable.Repeat(text, 50)],
        Lines = [.. Enumerable.Repeat(Line(text), 50)],
        LinesBefore = [.. Enumerable.Repeat(Line(text), 50)],
        RootCause = text,
        KnownCause = text,
        Explanation = text,
        RecommendedAction = text,
        Runbook = text,
    };

    public static AlertLine Line(string text) => new(new DateTimeOffset(2026, 5, 4, 10, 20, 30, TimeSpan.Zero), text, text, text);

    /// <summary>Each alert and text that must fit every receiver's limits.</summary>
    public static TheoryData<string, string> Extremes => new()
    {
        { "a megabyte of letters", new string('x', 1_000_000) },
        { "a megabyte of emoji", Repeat("😀", 250_000) },
        { "emoji off by one", "x" + Repeat("😀", 250_000) },
        { "what must be escaped", Repeat("&<>", 300_000) },
        { "quotes and backslashes", Repeat("\"\\", 300_000) },
        { "lines", Repeat("a\n", 300_000) },
        { "control characters", new string('\u0001', 300_000) },
        { "lone surrogates", new string('\ud800', 300_000) },
        { "hostile", Hostile },
        { "nothing", "" },
        { "blank", " \n\t " },
    };

    public static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    public static JsonElement Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json).RootElement;

    /// <summary>The strings under a JSON value, names of properties left out.</summary>
    public static IEnumerable<string> Strings(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => Strings(p.Value)),
        _ => [],
    };

    /// <summary>The event as the engine writes it.</summary>
    public static JsonObject Event(string type = "alert.firing") => new()
    {
        ["id"] = "a1",
        ["type"] = type,
        ["source"] = "culprit",
        ["timestamp"] = "2026-05-04T10:20:40.000000Z",
        ["meta"] = new JsonObject { ["trace_id"] = null, ["correlation_id"] = "i1", ["causation_id"] = null },
        ["incident_id"] = "i1",
        ["environment"] = "prod",
        ["severity"] = "high",
        ["anomaly_type"] = "error_spike",
        ["started_at"] = "2026-05-04T10:20:30.500000Z",
        ["services"] = new JsonArray("a", "b"),
        ["expected"] = "2",
        ["observed"] = "9",
        ["error_count"] = 9,
        ["sample_messages"] = new JsonArray("m1", "m2"),
        ["lines"] = new JsonArray(Quoted("2026-05-04T10:20:30.500000Z", "a", "error", "m1")),
        ["lines_before"] = new JsonArray(Quoted("2026-05-04T10:20:29.000000Z", "a", "info", "m0")),
        ["suspect"] = "a",
        ["root_cause"] = "a failed",
        ["confidence"] = 0.75,
        ["recommended_action"] = "restart a",
        ["runbook"] = "a.md",
    };

    private static JsonObject Quoted(string at, string service, string level, string text) =>
        new() { ["at"] = at, ["service"] = service, ["level"] = level, ["text"] = text };

    public static ReadOnlyMemory<byte> Utf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
