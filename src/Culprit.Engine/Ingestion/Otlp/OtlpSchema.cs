using System.Text;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>How a field is written, in protobuf and in JSON.</summary>
internal enum OtlpType : byte
{
    Message,
    Text,

    /// <summary>A trace or span id: bytes in protobuf, hex digits in JSON.</summary>
    HexBytes,

    /// <summary>Bytes that are base64 in JSON.</summary>
    Base64,
    Bool,

    /// <summary>A varint: int64, uint32 or an enum.</summary>
    Int,
    SInt32,
    Fixed32,
    Fixed64,
    SFixed64,
    Double,
}

/// <summary>One field of a message: its name in JSON and its number in protobuf.</summary>
/// <param name="IsList">Repeated; numbers are packed.</param>
internal sealed record OtlpField(string Name, int Number, OtlpType Type, OtlpMessage? Message = null, bool IsList = false)
{
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>A kind of message.</summary>
internal sealed class OtlpMessage(string name)
{
    public string Name { get; } = name;

    public OtlpField[] Fields { get; set; } = [];

    /// <summary>A log record, a span, a metric or a data point: a mistake in it costs only itself.</summary>
    public bool IsItem { get; init; }

    /// <summary>It can hold messages of its own kind, so its depth is limited.</summary>
    public bool IsRecursive { get; init; }
}

/// <summary>The messages of OTLP 1.x as far as they are read, with the official field numbers; fields that are not here are ignored.</summary>
/// <remarks>opentelemetry-proto, <c>opentelemetry/proto/{common,resource,logs,trace,metrics}/v1</c>.</remarks>
internal static class OtlpSchema
{
    private static readonly OtlpMessage AnyValue = new("AnyValue") { IsRecursive = true };
    private static readonly OtlpMessage ArrayValue = new("ArrayValue");
    private static readonly OtlpMessage KeyValueList = new("KeyValueList");
    private static readonly OtlpMessage KeyValue = new("KeyValue");

    private static readonly OtlpMessage Resource = new("Resource") { Fields = [Attributes(1)] };

    private static readonly OtlpMessage Scope = new("InstrumentationScope")
    {
        Fields = [Text("name", 1), Text("version", 2), Attributes(3)],
    };

    private static readonly OtlpMessage LogRecord = new("LogRecord")
    {
        IsItem = true,
        Fields =
        [
            Fixed64("timeUnixNano", 1), Fixed64("observedTimeUnixNano", 11), Int("severityNumber", 2), Text("severityText", 3),
            new("body", 5, OtlpType.Message, AnyValue), Attributes(6), new("flags", 8, OtlpType.Fixed32), Hex("traceId", 9),
            Hex("spanId", 10), Text("eventName", 12),
        ],
    };

    private static readonly OtlpMessage Status = new("Status") { Fields = [Text("message", 2), Int("code", 3)] };

    private static readonly OtlpMessage SpanEvent = new("Event") { Fields = [Fixed64("timeUnixNano", 1), Text("name", 2), Attributes(3)] };

    private static readonly OtlpMessage Link = new("Link") { Fields = [Hex("traceId", 1), Hex("spanId", 2), Attributes(4)] };

    private static readonly OtlpMessage Span = new("Span")
    {
        IsItem = true,
        Fields =
        [
            Hex("traceId", 1), Hex("spanId", 2), Text("traceState", 3), Hex("parentSpanId", 4), Text("name", 5), Int("kind", 6),
            Fixed64("startTimeUnixNano", 7), Fixed64("endTimeUnixNano", 8), Attributes(9), List("events", 11, SpanEvent),
            List("links", 13, Link), new("status", 15, OtlpType.Message, Status),
        ],
    };

    private static readonly OtlpMessage NumberPoint = new("NumberDataPoint")
    {
        IsItem = true,
        Fields =
        [
            Attributes(7), Fixed64("startTimeUnixNano", 2), Fixed64("timeUnixNano", 3), Double("asDouble", 4),
            new("asInt", 6, OtlpType.SFixed64), Int("flags", 8),
        ],
    };

    private static readonly OtlpMessage HistogramPoint = new("HistogramDataPoint")
    {
        IsItem = true,
        Fields =
        [
            Attributes(9), Fixed64("startTimeUnixNano", 2), Fixed64("timeUnixNano", 3), Fixed64("count", 4), Double("sum", 5),
            new("bucketCounts", 6, OtlpType.Fixed64, IsList: true), new("explicitBounds", 7, OtlpType.Double, IsList: true),
            Double("min", 11), Double("max", 12), Int("flags", 10),
        ],
    };

    private static readonly OtlpMessage Buckets = new("Buckets")
    {
        Fields = [new("offset", 1, OtlpType.SInt32), new("bucketCounts", 2, OtlpType.Int, IsList: true)],
    };

    private static readonly OtlpMessage ExponentialPoint = new("ExponentialHistogramDataPoint")
    {
        IsItem = true,
        Fields =
        [
            Attributes(1), Fixed64("startTimeUnixNano", 2), Fixed64("timeUnixNano", 3), Fixed64("count", 4), Double("sum", 5),
            new("scale", 6, OtlpType.SInt32), Fixed64("zeroCount", 7), new("positive", 8, OtlpType.Message, Buckets),
            new("negative", 9, OtlpType.Message, Buckets), Double("min", 12), Double("max", 13), Int("flags", 10),
        ],
    };

    private static readonly OtlpMessage Quantile = new("ValueAtQuantile") { Fields = [Double("quantile", 1), Double("value", 2)] };

    private static readonly OtlpMessage SummaryPoint = new("SummaryDataPoint")
    {
        IsItem = true,
        Fields =
        [
            Attributes(7), Fixed64("startTimeUnixNano", 2), Fixed64("timeUnixNano", 3), Fixed64("count", 4), Double("sum", 5),
            List("quantileValues", 6, Quantile), Int("flags", 8),
        ],
    };

    private static readonly OtlpMessage Metric = new("Metric")
    {
        IsItem = true,
        Fields =
        [
            Text("name", 1), Text("unit", 3), Points("gauge", 5, NumberPoint), Points("sum", 7, NumberPoint),
            Points("histogram", 9, HistogramPoint), Points("exponentialHistogram", 10, ExponentialPoint), Points("summary", 11, SummaryPoint),
        ],
    };

    static OtlpSchema()
    {
        AnyValue.Fields =
        [
            Text("stringValue", 1), new("boolValue", 2, OtlpType.Bool), Int("intValue", 3), Double("doubleValue", 4),
            new("arrayValue", 5, OtlpType.Message, ArrayValue), new("kvlistValue", 6, OtlpType.Message, KeyValueList),
            new("bytesValue", 7, OtlpType.Base64),
        ];
        ArrayValue.Fields = [List("values", 1, AnyValue)];
        KeyValueList.Fields = [List("values", 1, KeyValue)];
        KeyValue.Fields = [Text("key", 1), new("value", 2, OtlpType.Message, AnyValue)];
    }

    /// <summary>The message that a request of the signal holds.</summary>
    public static OtlpMessage RequestOf(OtlpSignal signal) => signal switch
    {
        OtlpSignal.Logs => Logs,
        OtlpSignal.Traces => Traces,
        OtlpSignal.Metrics => Metrics,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown signal {(byte)signal}."),
    };

    private static OtlpMessage Logs { get; } = Request("ExportLogsServiceRequest", "resourceLogs", "scopeLogs", "logRecords", LogRecord);

    private static OtlpMessage Traces { get; } = Request("ExportTraceServiceRequest", "resourceSpans", "scopeSpans", "spans", Span);

    private static OtlpMessage Metrics { get; } = Request("ExportMetricsServiceRequest", "resourceMetrics", "scopeMetrics", "metrics", Metric);

    private static OtlpMessage Request(string name, string resources, string scopes, string items, OtlpMessage item)
    {
        var scope = new OtlpMessage(scopes) { Fields = [new("scope", 1, OtlpType.Message, Scope), List(items, 2, item)] };
        var resource = new OtlpMessage(resources) { Fields = [new("resource", 1, OtlpType.Message, Resource), List(scopes, 2, scope)] };
        return new OtlpMessage(name) { Fields = [List(resources, 1, resource)] };
    }

    private static OtlpField Attributes(int number) => List("attributes", number, KeyValue);

    private static OtlpField Text(string name, int number) => new(name, number, OtlpType.Text);

    private static OtlpField Hex(string name, int number) => new(name, number, OtlpType.HexBytes);

    private static OtlpField Int(string name, int number) => new(name, number, OtlpType.Int);

    private static OtlpField Fixed64(string name, int number) => new(name, number, OtlpType.Fixed64);

    private static OtlpField Double(string name, int number) => new(name, number, OtlpType.Double);

    private static OtlpField List(string name, int number, OtlpMessage message) => new(name, number, OtlpType.Message, message, IsList: true);

    private static OtlpField Points(string name, int number, OtlpMessage point) => new(name, number, OtlpType.Message, new OtlpMessage(name)
    {
        Fields = [List("dataPoints", 1, point), Int("aggregationTemporality", 2), new("isMonotonic", 3, OtlpType.Bool)],
    });
}
