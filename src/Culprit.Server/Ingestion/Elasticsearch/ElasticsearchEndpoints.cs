using Culprit.Engine.Ingestion.Elasticsearch;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary>As much of Elasticsearch's API as shippers use: the handshake, what they set up, and <c>_bulk</c>.</summary>
/// <remarks>Below <c>/elasticsearch</c> and at the root, because some shippers can be given no path.</remarks>
internal static class ElasticsearchEndpoints
{
    private const string Description = """
        Elasticsearch's bulk request: an action a line and its document below it. `_id` becomes the event's id, and a repeated one is
        answered 409; an equal body whose documents all have a time or an id counts once. A document that is no JSON is kept as raw text.
        """;

    private static readonly string[] Reads = ["GET", "HEAD"];
    private static readonly string[] Writes = ["PUT", "POST", "DELETE"];
    private static readonly string[] Sends = ["POST", "PUT"];

    // Indices and their life, templates, pipelines: there is nothing to set up, and whoever asks finds it in place.
    private static readonly string[] SetUps =
    [
        "_ilm/policy/{**name}", "_index_template/{**name}", "_template/{**name}", "_component_template/{**name}", "_ingest/pipeline/{**name}",
        "_data_stream/{**name}", "_alias/{**name}", "_aliases", "_cat/{**name}", "_logstash/{**name}", "logstash/{**name}", "{index}/_alias/{**name}",
    ];

    public static IServiceCollection AddElasticsearch(this IServiceCollection services) => services
        .AddSingleton<DecoderPool<BulkDecoder>>().AddSingleton<BulkEndpoint>().AddSingleton<ElasticsearchIdentity>();

    public static void MapElasticsearch(this IEndpointRouteBuilder routes)
    {
        Map(routes.MapGroup("/elasticsearch").WithTags("Ingestion"));
        Map(routes.MapGroup("").WithTags("Ingestion"));
        routes.MapMethods("/elasticsearch", Reads, (ElasticsearchIdentity identity) => new ElasticsearchAnswer(200, identity.Json)).ExcludeFromDescription();
    }

    private static void Map(RouteGroupBuilder group)
    {
        group.MapMethods("/_bulk", Sends, (HttpContext context, BulkEndpoint bulk) => bulk.TakeAsync(context))
            .WithSummary("Elasticsearch bulk").WithDescription(Description).Produces<object>(200, "application/json");
        group.MapMethods("/{index}/_bulk", Sends, (HttpContext context, BulkEndpoint bulk) => bulk.TakeAsync(context)).ExcludeFromDescription();
        MapFixed(group, "/_license", ElasticsearchJson.License);
        MapFixed(group, "/_xpack", ElasticsearchJson.Xpack);
        MapFixed(group, "/_cluster/health", ElasticsearchJson.Health);
        MapFixed(group, "/_nodes/{**what}", ElasticsearchJson.Nodes);
        foreach (var path in SetUps)
        {
            MapFixed(group, "/" + path, ElasticsearchJson.Empty);
            group.MapMethods("/" + path, Writes, () => new ElasticsearchAnswer(200, ElasticsearchJson.Acknowledged)).ExcludeFromDescription();
        }

        group.MapMethods("/{index}", ["HEAD", "PUT"], AnswerIndex).ExcludeFromDescription();
    }

    /// <summary>An index is always in place. None of our own paths looks like one, so whoever means those is answered as without this route.</summary>
    private static IResult AnswerIndex(string index, HttpContext context, EndpointDataSource routes)
    {
        if (index.AsSpan().IndexOfAny("-.<") >= 0)
        {
            return new ElasticsearchAnswer(200, ElasticsearchJson.Acknowledged);
        }

        var methods = routes.Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText == context.Request.Path.Value)
            .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
            .Distinct(StringComparer.Ordinal);
        var allowed = string.Join(", ", methods);
        if (allowed.Length == 0)
        {
            return TypedResults.StatusCode(StatusCodes.Status404NotFound);
        }

        context.Response.Headers.Allow = allowed;
        return TypedResults.StatusCode(StatusCodes.Status405MethodNotAllowed);
    }

    private static void MapFixed(RouteGroupBuilder group, string path, byte[] json) =>
        group.MapMethods(path, Reads, () => new ElasticsearchAnswer(200, json)).ExcludeFromDescription();
}
