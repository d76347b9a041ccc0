using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;
using Culprit.Server.Detection;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary><c>/services</c> and <c>/topology</c>: what the engine knew of each environment a few seconds ago.</summary>
internal static class TopologyEndpoints
{
    private static readonly string[] Parameters = ["environment"];

    public static void MapTopology(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/services", (HttpContext context, EngineProgress progress) => Answer(context, progress, "services", WriteServices))
            .WithMetadata(new NeedsEngine()).WithName("ListServices").WithTags("Querying")
            .WithSummary("Services with their status, error rate of the last minute, and how far their environment's baseline is learned")
            .Produces<object>(200, "application/json").ProducesProblem(400)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, Parameters));
        routes.MapGet("/topology", (HttpContext context, EngineProgress progress) => Answer(context, progress, "edges", WriteEdges))
            .WithMetadata(new NeedsEngine()).WithName("GetTopology").WithTags("Querying")
            .WithSummary("Who depends on whom, with where each edge comes from, confidence and reason")
            .Produces<object>(200, "application/json").ProducesProblem(400)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, Parameters));
    }

    private static IResult Answer(
        HttpContext context, EngineProgress progress, string name, Action<Utf8JsonWriter, EnvironmentOverview> write)
    {
        var (filter, problem) = EventFilterParser.Parse(context.Request.Query, Parameters);
        if (problem is not null)
        {
            return problem;
        }

        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray(name);
            foreach (var environment in progress.Environments.Where(e => filter.Environment is null || e.Environment == filter.Environment))
            {
                write(json, environment);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new JsonAnswer(200, body.WrittenMemory);
    }

    private static void WriteServices(Utf8JsonWriter json, EnvironmentOverview environment)
    {
        var left = environment.BaselineSeconds - environment.LearnedSeconds;
        foreach (var service in environment.Services)
        {
            json.WriteStartObject();
            json.WriteString("service", service.Service);
            json.WriteString("environment", environment.Environment);
            json.WriteString("status", service.Incidents.Count > 0 ? "affected" : service.Records == 0 ? "quiet" : "ok");
            json.WriteNumber("records_per_minute", service.Records);
            json.WriteNumber("errors_per_minute", service.Errors);
            json.WriteNumber("error_rate", service.Records == 0 ? 0 : Math.Round((double)service.Errors / service.Records, 6));
            json.WriteString("last_seen_at", UnixNanos.ToTime(service.LastNanos).UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("learning", left > 0
                ? string.Create(CultureInfo.InvariantCulture, $"baseline in {Math.Ceiling(left / 60.0):0} min; strong evidence speaks before")
                : "learned");
            json.WriteStartArray("incident_ids");
            foreach (var incident in service.Incidents)
            {
                json.WriteStringValue(incident);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static void WriteEdges(Utf8JsonWriter json, EnvironmentOverview environment)
    {
        foreach (var edge in environment.Edges)
        {
            json.WriteStartObject();
            json.WriteString("environment", environment.Environment);
            json.WriteString("caller", edge.Caller);
            json.WriteString("callee", edge.Callee);
            json.WriteString("source", Word(edge.Source));
            json.WriteNumber("confidence", edge.Confidence);
            json.WriteString("reason", edge.Reason);
            json.WriteEndObject();
        }
    }

    private static string Word(EdgeSource source) => source switch
    {
        EdgeSource.Message => "message",
        EdgeSource.SharedTrace => "shared_trace",
        EdgeSource.Span => "span",
        EdgeSource.Declared => "declared",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown source {source}."),
    };
}
