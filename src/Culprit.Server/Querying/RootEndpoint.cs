using System.Text;
using Culprit.Server.Access;
using Culprit.Server.Ingestion.Elasticsearch;

namespace Culprit.Server.Querying;

/// <summary><c>GET /</c>: the entry points, for people; and for clients of Elasticsearch, that this is one.</summary>
internal static class RootEndpoint
{
    private static readonly string Endpoints = """
        "endpoints":{
        "publish":"POST /events",
        "changes":"POST /changes",
        "otlp":"POST /v1/logs, /v1/traces, /v1/metrics",
        "elasticsearch":"POST /_bulk, /elasticsearch/_bulk",
        "loki":"POST /loki/api/v1/push",
        "seq":"POST /ingest/clef",
        "splunk":"POST /services/collector/event",
        "gelf":"POST /gelf",
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
        routes.MapMethods("/", ["GET", "HEAD"], (ElasticsearchIdentity identity) =>
            new ElasticsearchAnswer(200, Encoding.UTF8.GetBytes("{" + identity.Members + "," + Endpoints + "}"))).NeedsNoKey().ExcludeFromDescription();
}
