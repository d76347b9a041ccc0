using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>The <c>Export…ServiceResponse</c>: empty when everything was taken, else what was not and why.</summary>
internal static class OtlpAnswer
{
    private static readonly byte[] EmptyJson = "{}"u8.ToArray();

    public static byte[] Of(OtlpSignal signal, bool isJson, BatchParse parse)
    {
        var rejected = parse.Rejected.Count;
        if (rejected == 0)
        {
            return isJson ? EmptyJson : [];
        }

        var first = parse.Rejected[0];
        var message = string.Create(CultureInfo.InvariantCulture, $"{rejected} of {parse.Total} {Noun(signal)} refused for good; the first: {first.Code}, {first.Detail}");
        return isJson ? Json(signal, rejected, message) : Protobuf(rejected, message);
    }

    private static byte[] Protobuf(int rejected, string message)
    {
        var answer = new ProtoWriter();
        var partial = answer.Begin(1);
        answer.Varint(1, (ulong)rejected);
        answer.Content(2, Encoding.UTF8.GetBytes(message));
        answer.End(partial);
        return answer.Written.ToArray();
    }

    private static byte[] Json(OtlpSignal signal, int rejected, string message)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("partialSuccess");
            json.WriteString(
                signal switch
                {
                    OtlpSignal.Logs => "rejectedLogRecords",
                    OtlpSignal.Traces => "rejectedSpans",
                    OtlpSignal.Metrics => "rejectedDataPoints",
                    _ => throw new System.Diagnostics.UnreachableException($"Unknown signal {(byte)signal}."),
                },
                rejected.ToString(CultureInfo.InvariantCulture));
            json.WriteString("errorMessage", message);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static string Noun(OtlpSignal signal) => signal switch
    {
        OtlpSignal.Logs => "log records",
        OtlpSignal.Traces => "spans",
        OtlpSignal.Metrics => "data points",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown signal {(byte)signal}."),
    };
}
