using System.Globalization;
using System.Text;
using Culprit.Server.Access;
using Culprit.Server.Ingestion;
using Culprit.Server.Ingestion.Elasticsearch;
using Culprit.Server.Ingestion.Otlp;

namespace Culprit.Server.Querying;

/// <summary><c>GET /</c>: the entry points, for people; and for clients of Elasticsearch, that this is one.</summary>
internal static class RootEndpoint
{
    private static readonly string Senders = string.Concat(SenderAddresses.All.Select(a => $"\"{a.Key}\":\"POST {string.Join(", ", a.Paths)}\","));

    private static readonly string Endpoints = """
        "events":"GET /events",
        "counts":"GET /events/counts",
        "patterns":"GET /patterns",
        "event":"GET /events/{id}",
        "chain":"GET /events/{id}/chain",
        "live":"GET /events/stream",
        "websocket":"GET /ws/{client_id}",
        "replay":"POST /events/replay",
        "dead_letters":"GET /events/dlq",
        "incidents":"GET /incidents",
        "report":"GET /incidents/{id}/report",
        "feedback":"POST /incidents/{id}/feedback",
        "services":"GET /services",
        "topology":"GET /topology",
        "diagnose":"POST /diagnose",
        "ask":"POST /ask",
        "mcp":"POST /mcp",
        "summaries":"GET /summaries",
        "keys":"GET /keys",
        "audit":"GET /audit",
        "health":"GET /health",
        "ready":"GET /ready",
        "components":"GET /health/detailed",
        "metrics":"GET /metrics",
        "openapi":"GET /openapi/v1.json"}
        """.ReplaceLineEndings("");

    public static void MapRoot(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/", ["GET", "HEAD"], (ElasticsearchIdentity identity, OtlpListeners otlp) =>
            new ElasticsearchAnswer(200, Encoding.UTF8.GetBytes(
                "{" + identity.Members + ",\"endpoints\":{" + Senders + Port("otlp_grpc", "gRPC", otlp.GrpcUrl) + Port("otlp_http", "HTTP", otlp.HttpUrl) + Endpoints + "}"))).NeedsNoKey().ExcludeFromDescription();

    /// <summary>The port alone: the host by which a sender reaches it is the sender's to know.</summary>
    private static string Port(string key, string protocol, string? url) =>
        url is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\"{key}\":\"{protocol} at port {BindingAddress.Parse(url).Port}\",");
}
