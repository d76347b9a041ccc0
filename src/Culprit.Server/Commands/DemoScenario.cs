using System.Globalization;
using System.Text.Json.Nodes;

namespace Culprit.Server.Commands;

/// <summary>The telemetry of the demonstration: a shop whose database stops taking connections.</summary>
/// <remarks>Only what is sent is written down here; what Culprit makes of it is its own.</remarks>
internal static class DemoScenario
{
    public const string Environment = "production";

    /// <summary>SEED.md's dependencies, with the payment service beside them.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Dependencies = new Dictionary<string, string[]>
    {
        ["api-gateway"] = ["user-service", "auth-service", "payment-service"],
        ["user-service"] = ["postgres", "redis"],
        ["auth-service"] = ["redis"],
        ["payment-service"] = ["user-service"],
    };

    private static readonly (string Service, string Message)[] Normal =
    [
        ("api-gateway", "GET /api/v1/users/{0} 200 in {1} ms"),
        ("api-gateway", "POST /api/v1/payments 201 in {1} ms"),
        ("user-service", "Loaded profile of user {0} in {1} ms"),
        ("user-service", "Pool: {1} of 50 connections in use"),
        ("auth-service", "Issued token for user {0}"),
        ("auth-service", "Session cache hit for user {0}"),
        ("payment-service", "Captured payment {0} amount {1}.00 EUR"),
    ];

    /// <summary>SEED.md's five errors in its order, then what follows in such an outage.</summary>
    private static readonly (double Second, string Service, string Level, string Message)[] Fault =
    [
        (0.00, "user-service", "warn", "Slow query: SELECT * FROM users took 4812 ms on postgres"),
        (0.40, "user-service", "warn", "Pool: 50 of 50 connections in use, 12 requests waiting for postgres"),
        (0.90, "api-gateway", "error", "Upstream timeout: user-service did not answer within 2000 ms"),
        (1.00, "user-service", "error", "DB connection refused: postgres:5432"),
        (1.20, "auth-service", "error", "Redis unavailable"),
        (1.30, "user-service", "error", "Query failed: could not get a connection to postgres"),
        (1.60, "payment-service", "error", "Transaction timeout: user-service did not answer"),
        (1.90, "user-service", "error", "DB connection refused: postgres:5432"),
        (2.10, "api-gateway", "error", "Upstream timeout: user-service did not answer within 2000 ms"),
        (2.40, "user-service", "error", "DB connection refused: postgres:5432"),
        (2.70, "payment-service", "error", "Transaction timeout: user-service did not answer"),
        (2.90, "user-service", "error", "Query failed: could not get a connection to postgres"),
    ];

    public static double FaultSeconds => Fault[^1].Second;

    /// <summary>One second of ordinary traffic, as NDJSON objects.</summary>
    public static IEnumerable<JsonObject> NormalSecond(DateTimeOffset start, int second)
    {
        for (var i = 0; i < 40; i++)
        {
            var (service, message) = Normal[(i + (second * 3)) % Normal.Length];
            var number = 1000 + ((((second * 40) + i) * 7919) % 9000);
            yield return Entry(
                start.AddMilliseconds(i * 25),
                service,
                "info",
                string.Format(CultureInfo.InvariantCulture, message, number, 3 + (number % 40)));
        }

        yield return Metric(start, "user-service", "db_connections_in_use", 14 + (second % 5), "connections");
        yield return Metric(start, "user-service", "cpu", 21 + (second % 4), "percent");
    }

    /// <summary>What the fault adds between two moments after its start.</summary>
    public static IEnumerable<JsonObject> FaultBetween(DateTimeOffset faultStart, double fromSecond, double toSecond)
    {
        foreach (var (second, service, level, message) in Fault)
        {
            if (second >= fromSecond && second < toSecond)
            {
                yield return Entry(faultStart.AddSeconds(second), service, level, message);
            }
        }

        if (fromSecond == 0)
        {
            yield return Metric(faultStart, "user-service", "db_connections_in_use", 50, "connections");
        }
    }

    private static JsonObject Entry(DateTimeOffset at, string service, string level, string message) => new()
    {
        ["type"] = "log.entry",
        ["source"] = $"demo:{service}-prod",
        ["timestamp"] = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["service"] = service,
        ["environment"] = Environment,
        ["level"] = level,
        ["message"] = message,
    };

    private static JsonObject Metric(DateTimeOffset at, string service, string name, double value, string unit) => new()
    {
        ["type"] = "metric.value",
        ["source"] = "demo:metrics-prod",
        ["timestamp"] = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["service"] = service,
        ["environment"] = Environment,
        ["metric_name"] = name,
        ["value"] = value,
        ["unit"] = unit,
    };
}
