using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>OTLP over gRPC: its three unary calls, on HTTP/2 as it comes from Kestrel.</summary>
/// <remarks>
/// A unary call is one message behind 5 bytes and a status in the trailers. Taken by hand, it shares the limits, buffers and
/// refusals of every other body (docs/decisions/0065).
/// </remarks>
internal sealed class OtlpGrpc : IErrorForm
{
    private const int PrefixBytes = 5;
    private const string MediaType = "application/grpc";

    private static readonly OtlpGrpc Form = new();

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "logs.v1.LogsService", OtlpSignal.Logs);
        Map(routes, "trace.v1.TraceService", OtlpSignal.Traces);
        Map(routes, "metrics.v1.MetricsService", OtlpSignal.Metrics);
    }

    /// <summary>Writes a problem as the status of the call.</summary>
    public Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = MediaType;
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
        response.Headers["grpc-status"] = RpcStatus.CodeOf(problem).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Escape(problem.Detail);
        response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(RpcStatus.ToProtobuf(problem)).TrimEnd('=');
        return Task.CompletedTask;
    }

    private static void Map(IEndpointRouteBuilder routes, string service, OtlpSignal signal) =>
        routes.MapPost($"/opentelemetry.proto.collector.{service}/Export", (HttpContext context, ShipperRequests requests, OtlpIntake intake) => ExportAsync(context, requests, intake, signal))
            .WithMetadata(Form).ExcludeFromDescription();

    private static async Task ExportAsync(HttpContext context, ShipperRequests requests, OtlpIntake intake, OtlpSignal signal)
    {
        if (context.Request.ContentType?.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase) != true || !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var (call, problem) = await requests.ReadAsync(context).ConfigureAwait(false);
        using (call)
        {
            byte[]? answer = null;
            if (problem is null)
            {
                (answer, problem) = await TakeAsync(context, requests, intake, call!, signal).ConfigureAwait(false);
            }

            await (problem is null ? AnswerAsync(context, answer!) : problem.ExecuteAsync(context)).ConfigureAwait(false);
        }
    }

    private static async Task<(byte[]? Answer, Problem? Problem)> TakeAsync(
        HttpContext context, ShipperRequests requests, OtlpIntake intake, PooledBuffer call, OtlpSignal signal)
    {
        var isFramed = call.Length >= PrefixBytes && call.Span[0] <= 1
            && BinaryPrimitives.ReadUInt32BigEndian(call.Span[1..]) == call.Length - PrefixBytes;
        if (!isFramed)
        {
            return (null, requests.Reject(new Problem(400, "bad_framing", "A unary call is exactly one message.")));
        }

        if (call.Span[0] == 0)
        {
            return await intake.TakeAsync(call.Memory[PrefixBytes..], signal, isJson: false).ConfigureAwait(false);
        }

        var encoding = context.Request.Headers["grpc-encoding"].ToString();
        if (encoding != "gzip")
        {
            return (null, requests.Reject(new Problem(
                415, "unsupported_encoding", $"grpc-encoding {JsonText.Echo(encoding)} is not one of identity, gzip.")));
        }

        var (plain, problem) = requests.Inflate(call, PrefixBytes, encoding);
        using (plain)
        {
            return problem is null
                ? await intake.TakeAsync(plain!.Memory, signal, isJson: false).ConfigureAwait(false)
                : (null, problem);
        }
    }

    private static async Task AnswerAsync(HttpContext context, byte[] message)
    {
        var response = context.Response;
        response.ContentType = MediaType;
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
        var frame = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, PrefixBytes);
        await response.Body.WriteAsync(frame, context.RequestAborted).ConfigureAwait(false);
        response.AppendTrailer("grpc-status", "0");
    }

    // Percent-encoding of everything that is not plain ASCII.
    private static string Escape(string message)
    {
        var escaped = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            _ = b is >= 0x20 and <= 0x7E and not (byte)'%' ? escaped.Append((char)b) : escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return escaped.ToString();
    }
}
