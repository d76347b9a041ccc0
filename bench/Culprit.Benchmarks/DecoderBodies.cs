using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;

namespace Culprit.Benchmarks;

/// <summary>The same log records as each protocol writes them: three attributes, host, trace and span, one in eight a warning.</summary>
internal static class DecoderBodies
{
    public const int Records = 1000;
    public const long FirstNanos = 1_795_409_990_000_000_000;

    private const string Labels = "{service_name=\"checkout\", environment=\"production\", host=\"checkout-3\"}";

    public static byte[] Events() => Lines(i =>
        $$$"""{"timestamp":"{{{Time(i)}}}","service":"checkout","environment":"production","level":"{{{Level(i)}}}","message":"{{{Message(i)}}}","context":{{{{Attributes(i)}}},"host.name":"checkout-3"},"trace_id":"{{{i:x32}}}","span_id":"{{{i + 1:x16}}}"}""");

    public static byte[] FluentBit() => Lines(i =>
        $$$"""{"date":{{{Seconds(i)}}},"log":"{{{Message(i)}}}","level":"{{{Level(i)}}}","service":"checkout","environment":"production","host":"checkout-3",{{{Attributes(i)}}},"trace_id":"{{{i:x32}}}","span_id":"{{{i + 1:x16}}}"}""");

    public static byte[] Bulk() => Lines(i =>
        $$$"""{"create":{}}{{{'\n'}}}{"@timestamp":"{{{Time(i)}}}","message":"{{{Message(i)}}}","log":{"level":"{{{Level(i)}}}"},"service":{"name":"checkout","environment":"production"},"host":{"name":"checkout-3"},{{{Attributes(i)}}},"trace":{"id":"{{{i:x32}}}"},"span":{"id":"{{{i + 1:x16}}}"}}""");

    public static byte[] Clef() => Lines(i =>
        $$$"""{"@t":"{{{Time(i)}}}","@m":"{{{Message(i)}}}","@l":"{{{(i % 8 == 7 ? "Warning" : "Information")}}}","@tr":"{{{i:x32}}}","@sp":"{{{i + 1:x16}}}","Application":"checkout","Environment":"production","MachineName":"checkout-3",{{{Attributes(i)}}}}""");

    public static byte[] Hec() => Lines(i =>
        $$$"""{"time":{{{Seconds(i)}}},"host":"checkout-3","event":{"message":"{{{Message(i)}}}","level":"{{{Level(i)}}}","service":"checkout","environment":"production",{{{Attributes(i)}}},"trace_id":"{{{i:x32}}}","span_id":"{{{i + 1:x16}}}"}}""");

    public static byte[] Gelf() => Lines(i =>
        $$$"""{"version":"1.1","host":"checkout-3","short_message":"{{{Message(i)}}}","timestamp":{{{Seconds(i)}}},"level":{{{(i % 8 == 7 ? 4 : 6)}}},"_service":"checkout","_environment":"production","_request_id":"{{{i:x12}}}","_user_id":{{{i}}},"_duration_ms":{{{i % 200}}},"_trace_id":"{{{i:x32}}}","_span_id":"{{{i + 1:x16}}}"}""");

    public static byte[] LokiJson() => Bytes(
        """{"streams":[{"stream":{"service_name":"checkout","environment":"production","host":"checkout-3"},"values":[""",
        i => $"{(i == 0 ? "" : ",")}[\"{FirstNanos + i}\",\"{LokiLine(i).Replace("\"", "\\\"", StringComparison.Ordinal)}\"]",
        "]}]}");

    public static byte[] LokiProtobuf()
    {
        var body = new ProtoWriter();
        var stream = body.Begin(1);
        body.Content(1, Encoding.UTF8.GetBytes(Labels));
        for (var i = 0; i < Records; i++)
        {
            var entry = body.Begin(2);
            var time = body.Begin(1);
            body.Varint(1, FirstNanos / 1_000_000_000);
            body.Varint(2, (ulong)i);
            body.End(time);
            body.Content(2, Encoding.UTF8.GetBytes(LokiLine(i)));
            body.End(entry);
        }

        body.End(stream);
        return body.Written.ToArray();
    }

    public static byte[] OtlpJson() => Bytes(
        """{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},{"key":"deployment.environment.name","value":{"stringValue":"production"}},{"key":"host.name","value":{"stringValue":"checkout-3"}}]},"scopeLogs":[{"scope":{},"logRecords":[""",
        i => $$$"""{{{(i == 0 ? "" : ",")}}}{"timeUnixNano":"{{{FirstNanos + i}}}","severityNumber":{{{(i % 8 == 7 ? 13 : 9)}}},"severityText":"{{{Level(i)}}}","body":{"stringValue":"{{{Message(i)}}}"},"attributes":[{"key":"request_id","value":{"stringValue":"{{{i:x12}}}"}},{"key":"user_id","value":{"intValue":"{{{i}}}"}},{"key":"duration_ms","value":{"intValue":"{{{i % 200}}}"}}],"traceId":"{{{i:x32}}}","spanId":"{{{i + 1:x16}}}"}""",
        "]}]}]}");

    public static byte[] OtlpProtobuf(byte[] json) => new OtlpJsonReader(OtlpSignal.Logs).TryRead(json, new BatchParse(), out var converted)
        ? converted.ToArray()
        : throw new InvalidOperationException("The body of OTLP is broken.");

    private static string LokiLine(int i) =>
        $$$"""{"level":"{{{Level(i)}}}","message":"{{{Message(i)}}}",{{{Attributes(i)}}},"trace_id":"{{{i:x32}}}","span_id":"{{{i + 1:x16}}}"}""";

    private static string Message(int i) => string.Create(CultureInfo.InvariantCulture, $"Order {i * 7919} placed by user {i} total 17.25 EUR items=3");

    private static string Attributes(int i) => string.Create(CultureInfo.InvariantCulture, $"\"request_id\":\"{i:x12}\",\"user_id\":{i},\"duration_ms\":{i % 200}");

    private static string Level(int i) => i % 8 == 7 ? "WARN" : "INFO";

    private static string Time(int i) => string.Create(CultureInfo.InvariantCulture, $"2026-11-23T04:59:50.{i:d6}Z");

    private static string Seconds(int i) => string.Create(CultureInfo.InvariantCulture, $"{FirstNanos / 1_000_000_000}.{i:d6}");

    private static byte[] Lines(Func<int, string> line) => Bytes("", i => line(i) + "\n", "");

    private static byte[] Bytes(string head, Func<int, string> element, string tail) =>
        Encoding.UTF8.GetBytes(head + string.Concat(Enumerable.Range(0, Records).Select(element)) + tail);
}
