using Culprit.Engine.Ingestion.Gelf;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Gelf;

/// <summary>GELF over HTTP: one message a request, or several a line each.</summary>
internal static class GelfEndpoints
{
    private const string Description = """
        GELF 1.1. An equal body whose messages all have a timestamp counts once. Answered 202.
        """;

    public static IServiceCollection AddGelf(this IServiceCollection services) => services.AddSingleton<DecoderPool<GelfDecoder>>();

    public static void MapGelf(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/gelf", TakeAsync).WithTags("Ingestion").WithSummary("GELF").WithDescription(Description).Produces(202);

    private static Task<IResult> TakeAsync(HttpContext context, ShipperRequests requests, DecoderPool<GelfDecoder> decoders) =>
        ShipperRequests.MediaTypeOf(context.Request) is not ("" or "application/json" or "application/x-ndjson" or "text/plain" or "application/x-www-form-urlencoded")
            ? Task.FromResult<IResult>(new TextProblem(requests.Reject(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Content-Type must be application/json."))))
            : decoders.LendAsync(async decoder =>
            {
                var (_, problem) = await requests.TakeAsync(context, "gelf", decoder, (_, _) => "").ConfigureAwait(false);
                return problem is null ? TypedResults.StatusCode(StatusCodes.Status202Accepted) : (IResult)new TextProblem(problem);
            });
}
