namespace Culprit.Engine.Ingestion;

/// <summary>The member names that mean something at the top level of an event; everything else is <see cref="None"/>.</summary>
internal enum EventKey : byte
{
    None = 0,
    Type,
    Id,
    Timestamp,
    Service,
    Environment,
    Level,
    Message,
    Context,
    TraceId,
    SpanId,
    Source,
    Meta,
    MetricName,
    Value,
    Unit,
    Operation,
    DurationMs,
    ErrorType,
    StackTrace,
    Kind,

    /// <summary>What other loggers call the timestamp; read when there is no <c>timestamp</c>, and kept as an attribute.</summary>
    OtherTimestamp,

    /// <summary>What other loggers call the level; read when there is no <c>level</c>, and kept as an attribute.</summary>
    OtherLevel,
}

/// <summary>Recognises the keys without building strings.</summary>
internal static class EventKeys
{
    public const int Count = (int)EventKey.OtherLevel + 1;

    public static EventKey Classify(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2:
                return name.SequenceEqual("id"u8) ? EventKey.Id
                    : name.SequenceEqual("ts"u8) ? EventKey.OtherTimestamp : EventKey.None;
            case 4:
                return name.SequenceEqual("type"u8) ? EventKey.Type
                    : name.SequenceEqual("meta"u8) ? EventKey.Meta
                    : name.SequenceEqual("unit"u8) ? EventKey.Unit
                    : name.SequenceEqual("kind"u8) ? EventKey.Kind
                    : name.SequenceEqual("time"u8) || name.SequenceEqual("date"u8) ? EventKey.OtherTimestamp : EventKey.None;
            case 5:
                return name.SequenceEqual("level"u8) ? EventKey.Level
                    : name.SequenceEqual("value"u8) ? EventKey.Value : EventKey.None;
            case 6:
                return name.SequenceEqual("source"u8) ? EventKey.Source : EventKey.None;
            case 7:
                return name.SequenceEqual("message"u8) ? EventKey.Message
                    : name.SequenceEqual("service"u8) ? EventKey.Service
                    : name.SequenceEqual("context"u8) ? EventKey.Context
                    : name.SequenceEqual("span_id"u8) ? EventKey.SpanId : EventKey.None;
            case 8:
                return name.SequenceEqual("trace_id"u8) ? EventKey.TraceId
                    : name.SequenceEqual("severity"u8) ? EventKey.OtherLevel : EventKey.None;
            case 9:
                return name.SequenceEqual("timestamp"u8) ? EventKey.Timestamp
                    : name.SequenceEqual("operation"u8) ? EventKey.Operation : EventKey.None;
            case 10:
                return name.SequenceEqual("error_type"u8) ? EventKey.ErrorType
                    : name.SequenceEqual("@timestamp"u8) ? EventKey.OtherTimestamp : EventKey.None;
            case 11:
                return name.SequenceEqual("environment"u8) ? EventKey.Environment
                    : name.SequenceEqual("metric_name"u8) ? EventKey.MetricName
                    : name.SequenceEqual("duration_ms"u8) ? EventKey.DurationMs
                    : name.SequenceEqual("stack_trace"u8) ? EventKey.StackTrace : EventKey.None;
            default:
                return EventKey.None;
        }
    }

    /// <summary>The name on the wire, for messages to the sender.</summary>
    public static string NameOf(EventKey key) => key switch
    {
        EventKey.Type => "type",
        EventKey.Id => "id",
        EventKey.Timestamp => "timestamp",
        EventKey.Service => "service",
        EventKey.Environment => "environment",
        EventKey.Level => "level",
        EventKey.Message => "message",
        EventKey.Context => "context",
        EventKey.TraceId => "trace_id",
        EventKey.SpanId => "span_id",
        EventKey.Source => "source",
        EventKey.Meta => "meta",
        EventKey.MetricName => "metric_name",
        EventKey.Value => "value",
        EventKey.Unit => "unit",
        EventKey.Operation => "operation",
        EventKey.DurationMs => "duration_ms",
        EventKey.ErrorType => "error_type",
        EventKey.StackTrace => "stack_trace",
        EventKey.Kind => "kind",
        _ => throw new System.Diagnostics.UnreachableException($"Key {(byte)key} has no single name."),
    };
}
