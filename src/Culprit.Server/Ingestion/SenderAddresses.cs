namespace Culprit.Server.Ingestion;

/// <summary>Where senders of each protocol are pointed on the server's own addresses: listed at the start and at <c>GET /</c>.</summary>
internal static class SenderAddresses
{
    public static IReadOnlyList<SenderAddress> All { get; } =
    [
        new("publish", "events", ["/events"]),
        new("otlp", "OTLP", ["/v1/logs", "/v1/traces", "/v1/metrics"]),
        new("elasticsearch", "Elasticsearch", ["/_bulk", "/elasticsearch/_bulk"]),
        new("loki", "Loki", ["/loki/api/v1/push"]),
        new("seq", "Seq", ["/ingest/clef"]),
        new("splunk", "Splunk HEC", ["/services/collector/event", "/services/collector/raw"]),
        new("gelf", "GELF", ["/gelf"]),
        new("changes", "changes", ["/changes"]),
    ];

    /// <summary>All on one line, for people.</summary>
    public static string Line { get; } = string.Join("; ", All.Select(a => $"{a.Name} {string.Join(", ", a.Paths)}"));
}

/// <param name="Key">At <c>GET /</c>.</param>
/// <param name="Paths">Each takes POST.</param>
internal sealed record SenderAddress(string Key, string Name, IReadOnlyList<string> Paths);
