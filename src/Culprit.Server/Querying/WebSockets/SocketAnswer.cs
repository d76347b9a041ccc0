using System.Buffers;
using System.Text.Json;
using Culprit.Server.Http;
using Culprit.Server.Ingestion;

namespace Culprit.Server.Querying.WebSockets;

/// <summary>The messages that the server sends.</summary>
internal static class SocketAnswer
{
    public static ReadOnlyMemory<byte> Status(ReadOnlyMemory<byte> reference, string status) => Write(reference, status, static (_, _) => { }, 0);

    public static ReadOnlyMemory<byte> Published(ReadOnlyMemory<byte> reference, TakenEvents taken) => Write(
        reference,
        "published",
        static (json, taken) =>
        {
            json.WriteStartArray("ids");
            foreach (var id in taken.Ids)
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
            if (taken.Duplicates > 0)
            {
                json.WriteNumber("duplicates", taken.Duplicates);
            }

            if (taken.Rejected.Count > 0)
            {
                json.WriteStartArray("rejected");
                foreach (var rejection in taken.Rejected)
                {
                    json.WriteStartObject();
                    json.WriteNumber("index", rejection.Index);
                    json.WriteString("code", rejection.Code);
                    json.WriteString("detail", rejection.Detail);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }
        },
        taken);

    public static ReadOnlyMemory<byte> Rejected(SocketMistake mistake) => Rejected(mistake.Ref, mistake.Code, mistake.Detail, null);

    public static ReadOnlyMemory<byte> Rejected(ReadOnlyMemory<byte> reference, Problem problem) =>
        Rejected(reference, problem.Code, problem.Detail, problem.RetryAfter);

    /// <summary>Wraps a finished event.</summary>
    public static void WriteEvent(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        output.Write("{\"event\":"u8);
        output.Write(json);
        output.Write("}"u8);
    }

    public static void WriteDropped(IBufferWriter<byte> output, long events)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("dropped", events);
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Rejected(ReadOnlyMemory<byte> reference, string code, string detail, TimeSpan? retryAfter) => Write(
        reference,
        "rejected",
        static (json, problem) =>
        {
            json.WriteString("code", problem.code);
            json.WriteString("detail", problem.detail);
            if (problem.retryAfter is { } wait)
            {
                json.WriteNumber("retry_after", Math.Clamp((int)Math.Ceiling(wait.TotalSeconds), 1, 60));
            }
        },
        (code, detail, retryAfter));

    private static ReadOnlyMemory<byte> Write<T>(ReadOnlyMemory<byte> reference, string status, Action<Utf8JsonWriter, T> more, T state)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            if (!reference.IsEmpty)
            {
                json.WritePropertyName("ref");
                json.WriteRawValue(reference.Span, skipInputValidation: true);
            }

            json.WriteString("status", status);
            more(json, state);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
