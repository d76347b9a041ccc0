using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion.Seq;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Seq;

/// <summary>Seq's ingestion of compact log events: Serilog's Seq sink, seqcli, and whatever writes CLEF.</summary>
internal static class SeqEndpoints
{
    private const string Description = """
        Seq's compact log events (CLEF), one a line. An equal body whose events all have a time counts once. Answered 201.
        """;

    public static IServiceCollection AddSeq(this IServiceCollection services) => services.AddSingleton<DecoderPool<ClefDecoder>>();

    public static void MapSeq(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ingest/clef", TakeAsync).WithTags("Ingestion").WithSummary("Seq CLEF").WithDescription(Description).Produces<object>(201, "application/json");
        routes.MapPost("/api/events/raw", RawAsync).ExcludeFromDescription();
    }

    /// <summary>The older address takes CLEF only where it is announced; its other form is long out of use.</summary>
    private static Task<IResult> RawAsync(HttpContext context, ShipperRequests requests, DecoderPool<ClefDecoder> decoders)
    {
        var request = context.Request;
        return request.Query.ContainsKey("clef") || ShipperRequests.MediaTypeOf(request) == "application/vnd.serilog.clef"
            ? TakeAsync(context, requests, decoders)
            : Task.FromResult<IResult>(Error(requests.Reject(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Only CLEF is taken: add ?clef, or Content-Type application/vnd.serilog.clef."))));
    }

    private static Task<IResult> TakeAsync(HttpContext context, ShipperRequests requests, DecoderPool<ClefDecoder> decoders) =>
        ShipperRequests.MediaTypeOf(context.Request) is not ("" or "application/vnd.serilog.clef" or "application/json" or "application/x-ndjson" or "text/plain")
            ? Task.FromResult<IResult>(Error(requests.Reject(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Content-Type must be application/vnd.serilog.clef."))))
            : decoders.LendAsync(async decoder =>
            {
                var (_, problem) = await requests.TakeAsync(context, "seq", decoder, (_, _) => "").ConfigureAwait(false);
                return problem is null ? (IResult)new JsonAnswer(StatusCodes.Status201Created, "{}"u8.ToArray()) : Error(problem);
            });

    private static JsonProblem Error(Problem problem) => new JsonProblem(problem, new JsonObject { ["Error"] = problem.Detail });
}
