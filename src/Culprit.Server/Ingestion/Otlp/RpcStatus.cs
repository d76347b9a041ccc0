using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>A problem as <c>google.rpc.Status</c>, which OTLP's errors are.</summary>
internal static class RpcStatus
{
    private const string RetryType = "type.googleapis.com/google.rpc.RetryInfo";

    /// <summary>The code of gRPC. A sender comes back after 14, and after 8 when it is told when.</summary>
    public static int CodeOf(Problem problem) => problem.Status switch
    {
        401 => 16, // UNAUTHENTICATED
        403 => 7,  // PERMISSION_DENIED
        404 or 405 or 415 => 12, // UNIMPLEMENTED
        408 => 4,  // DEADLINE_EXCEEDED
        413 or 429 => 8, // RESOURCE_EXHAUSTED
        500 => 13, // INTERNAL
        503 => 14, // UNAVAILABLE
        _ => 3, // INVALID_ARGUMENT
    };

    public static byte[] ToProtobuf(Problem problem)
    {
        var status = new ProtoWriter();
        status.Varint(1, (ulong)CodeOf(problem));
        status.Content(2, Encoding.UTF8.GetBytes(problem.Detail));
        if (problem.RetryAfter is not null)
        {
            var any = status.Begin(3);
            status.Content(1, Encoding.UTF8.GetBytes(RetryType));
            var retry = status.Begin(2);
            var duration = status.Begin(1);
            status.Varint(1, (ulong)problem.RetrySeconds);
            status.End(duration);
            status.End(retry);
            status.End(any);
        }

        return status.Written.ToArray();
    }

    public static ReadOnlyMemory<byte> ToJson(Problem problem)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("code", CodeOf(problem));
            json.WriteString("message", problem.Detail);
            if (problem.RetryAfter is not null)
            {
                json.WriteStartArray("details");
                json.WriteStartObject();
                json.WriteString("@type", RetryType);
                json.WriteString("retryDelay", string.Create(CultureInfo.InvariantCulture, $"{problem.RetrySeconds}s"));
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
