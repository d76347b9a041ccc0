using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Loki;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Loki;

/// <summary>Loki's push: Promtail, Alloy, Fluent Bit, Vector, Docker's driver, pino-loki.</summary>
internal static class LokiEndpoints
{
    private const string Description = """
        Loki's push as protobuf (snappy) or JSON. Labels and structured metadata mean what fields of their names mean; the lines are
        read as those of log files. An equal body whose entries all have a time counts once. Answered 204.
        """;

    public static IServiceCollection AddLoki(this IServiceCollection services) =>
        services.AddSingleton<DecoderPool<LokiJsonDecoder>>().AddSingleton<DecoderPool<LokiProtobufDecoder>>();

    public static void MapLoki(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/loki/api/v1/push", PushAsync).WithTags("Ingestion").WithSummary("Loki push").WithDescription(Description).Produces(204);
        routes.MapPost("/api/prom/push", PushAsync).ExcludeFromDescription();
    }

    private static Task<IResult> PushAsync(
        HttpContext context, ShipperRequests requests, DecoderPool<LokiJsonDecoder> json, DecoderPool<LokiProtobufDecoder> protobuf) =>
        ShipperRequests.MediaTypeOf(context.Request) switch
        {
            "application/json" => json.LendAsync(decoder => TakeAsync(context, requests, decoder, "")),

            // Snappy belongs to the form; senders name it or not.
            "application/x-protobuf" or "application/protobuf" or "" => protobuf.LendAsync(decoder => TakeAsync(context, requests, decoder, "snappy")),
            _ => Task.FromResult<IResult>(new TextProblem(requests.Reject(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Content-Type must be application/x-protobuf or application/json.")))),
        };

    private static async Task<IResult> TakeAsync(HttpContext context, ShipperRequests requests, IBodyDecoder decoder, string assumedEncoding)
    {
        var (_, problem) = await requests.TakeAsync(context, "loki", decoder, (_, _) => "", assumedEncoding).ConfigureAwait(false);
        return problem is null ? TypedResults.NoContent() : new TextProblem(problem);
    }
}
