namespace Culprit.Engine.Filtering;

/// <summary>The fields that a filter can name.</summary>
internal enum FieldKind : byte
{
    Type,
    Source,
    Service,
    Environment,
    Level,
    Message,
    TraceId,
    SpanId,
    CorrelationId,
    CausationId,
    Id,
    Timestamp,

    /// <summary><c>context.a.b</c>: a path into the attributes.</summary>
    Context,
}
