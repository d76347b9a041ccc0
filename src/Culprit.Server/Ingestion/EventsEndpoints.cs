using Culprit.Engine.Ingestion;
using Culprit.Server.Http;
using Culprit.Server.Querying;
using Microsoft.Net.Http.Headers;

namespace Culprit.Server.Ingestion;

/// <summary><c>POST /events</c>.</summary>
internal static class EventsEndpoints
{
    private const string Description = """
        Takes one event, a JSON array, NDJSON or concatenated objects, plain or with Content-Encoding gzip, deflate, zstd or snappy.
        Objects without `type` and `message` are read as other loggers and shippers name their fields (`log`, `msg`, `date` ...).
        One object is answered 201 with its id; everything else 200 with counts and the rejected events by index.
        A success means that every accepted event is durable. An event's own `id` (10 minutes) and an `Idempotency-Key`
        header (24 hours) make a resend count once. Under pressure, requests with a Priority header of u=4 to u=7 are refused first. Where `admission` samples, events that are left out count as accepted and
        are not kept: `sampled` says how many. 503 and 429 carry Retry-After.
        """;

    public static void MapIngestion(this IEndpointRouteBuilder routes)
    {
        // Vector and Fluent Bit ask so whether there is somebody.
        routes.MapMethods("/events", ["HEAD"], () => TypedResults.StatusCode(StatusCodes.Status200OK)).ExcludeFromDescription();
        routes.MapPost("/events", PublishAsync)
            .WithName("PublishEvents").WithTags("Ingestion").WithSummary("Publish events").WithDescription(Description)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeBodyAsync(operation))
            .Produces<object>(201, "application/json").Produces<object>(200, "application/json")
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503);
    }

    private static async Task<IResult> PublishAsync(HttpContext context, BodyReader bodies, EventIntake intake, IngestPressure pressure, IngestionMetrics metrics)
    {
        if (!TryReadMediaType(context.Request.ContentType, out var isLines))
        {
            metrics.RequestRejected();
            return new Problem(
                415,
                "unsupported_media_type",
                $"Content-Type {JsonText.Echo(context.Request.ContentType!)} is not one of application/json, application/x-ndjson.");
        }

        var keys = context.Request.Headers["Idempotency-Key"];
        var key = keys.Count == 0 ? null : keys.ToString();
        if (key is { Length: 0 or > IdempotencyKeys.MaxKeyLength })
        {
            metrics.RequestRejected();
            return new Problem(400, "bad_idempotency_key", $"Idempotency-Key must have 1 to {IdempotencyKeys.MaxKeyLength} characters.");
        }

        // Before the body is read: under pressure, reading costs what is short.
        if (pressure.Refusal(RequestPriority.CanWait(context.Request.Headers["Priority"])) is { } refusal)
        {
            return refusal;
        }

        var (body, problem) = await bodies.ReadAsync(context).ConfigureAwait(false);
        if (problem is not null)
        {
            if (problem.Status == StatusCodes.Status503ServiceUnavailable)
            {
                metrics.RequestRefused("memory");
            }
            else
            {
                metrics.RequestRejected();
            }

            return problem;
        }

        using (body)
        {
            if (body!.Length > 0)
            {
                return await intake.TakeAsync(body.Memory, isLines, key).ConfigureAwait(false);
            }

            metrics.RequestRejected();
            return new Problem(400, RejectionCodes.EmptyBody, "The body is empty; send a JSON object, an array or NDJSON.");
        }
    }

    /// <summary>False for a type that is not JSON; none given means JSON.</summary>
    private static bool TryReadMediaType(string? contentType, out bool isLines)
    {
        isLines = false;
        if (string.IsNullOrEmpty(contentType))
        {
            return true;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        switch (type.MediaType.Value?.ToLowerInvariant())
        {
            case "application/json" or "text/json":
                return true;
            case "application/x-ndjson" or "application/ndjson" or "application/jsonl" or "application/x-jsonlines"
                or "application/jsonlines" or "application/x-json-stream":
                isLines = true;
                return true;
            default:
                return false;
        }
    }
}
