using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>OTLP over HTTP: protobuf and JSON; the answer has the type of the request.</summary>
internal sealed class OtlpEndpoints : IErrorForm
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    private static readonly OtlpEndpoints Form = new();

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/v1/logs", OtlpSignal.Logs);
        Map(routes, "/v1/traces", OtlpSignal.Traces);
        Map(routes, "/v1/metrics", OtlpSignal.Metrics);
    }

    /// <summary>Writes a problem as <c>google.rpc.Status</c>.</summary>
    public async Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        problem.SetRetryAfter(response);
        var isJson = IsJson(context) ?? true;
        await WriteAsync(response, isJson, isJson ? RpcStatus.ToJson(problem) : RpcStatus.ToProtobuf(problem)).ConfigureAwait(false);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, OtlpSignal signal) =>
        routes.MapPost(path, (HttpContext context, ShipperRequests requests, OtlpIntake intake) => ExportAsync(context, requests, intake, signal))
            .WithMetadata(Form)
            .WithName("Export" + signal).WithSummary($"OTLP {signal.ToString().ToLowerInvariant()} (protobuf or JSON)")
            .WithDescription("An Export request of OpenTelemetry's protocol, as docs/otlp.md says; errors are google.rpc.Status.")
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeBodyAsync(operation))
            .Produces<object>(200, Json).Produces<object>(400, Json).Produces<object>(413, Json).Produces<object>(415, Json).Produces<object>(503, Json);

    private static async Task ExportAsync(HttpContext context, ShipperRequests requests, OtlpIntake intake, OtlpSignal signal)
    {
        if (IsJson(context) is not { } isJson)
        {
            await requests.Reject(new Problem(
                415, "unsupported_media_type", $"Content-Type {JsonText.Echo(context.Request.ContentType ?? "")} is not one of {Protobuf}, {Json}."))
                .ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        var (body, problem) = await requests.ReadAsync(context).ConfigureAwait(false);
        using (body)
        {
            byte[]? answer = null;
            if (problem is null)
            {
                (answer, problem) = await intake.TakeAsync(body!.Memory, signal, isJson).ConfigureAwait(false);
            }

            await (problem is null ? WriteAsync(context.Response, isJson, answer) : problem.ExecuteAsync(context)).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(HttpResponse response, bool isJson, ReadOnlyMemory<byte> body)
    {
        response.ContentType = isJson ? Json : Protobuf;
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(body, response.HttpContext.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Null for a type that is neither.</summary>
    private static bool? IsJson(HttpContext context) => ShipperRequests.MediaTypeOf(context.Request) switch
    {
        Json => true,
        Protobuf or "application/protobuf" => false,
        _ => null,
    };
}
