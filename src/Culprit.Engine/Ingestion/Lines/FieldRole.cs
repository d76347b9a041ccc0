namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What a named field of a structured line means for the record.</summary>
internal enum FieldRole : byte
{
    None = 0,
    Timestamp,
    Level,

    /// <summary>0 emergency to 7 debug.</summary>
    SyslogLevel,

    /// <summary>1 to 24, as OpenTelemetry numbers them.</summary>
    OtelLevel,
    Message,

    /// <summary>A message template whose holes are other fields; read when there is no message.</summary>
    Template,
    Service,

    /// <summary>The service when the level is a number (pino, bunyan), a logger otherwise.</summary>
    ServiceOrLogger,
    Environment,
    TraceId,
    SpanId,

    /// <summary>An error's text; the message when there is no other, and kept as an attribute.</summary>
    Error,

    /// <summary>Whole seconds of a timestamp in two parts.</summary>
    InstantSeconds,
    InstantNanos,

    /// <summary>Parts of a request; they make up the message of an access record that has none.</summary>
    Request,
    Method,
    Path,
    Status,

    /// <summary>The machine; the source of a shipped entry.</summary>
    Host,

    /// <summary>The file or container whose entries follow one another.</summary>
    Origin,
}
