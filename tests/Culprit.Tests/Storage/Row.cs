using Culprit.Engine.Records;

namespace Culprit.Tests.Storage;

/// <summary>One record to be; every field has a valid default.</summary>
internal sealed record Row(string Body = "hello", long Nanos = RecordBatches.Start)
{
    public EventKind Kind { get; init; }

    public Severity Severity { get; init; } = Severity.Info;

    public RecordFlags Flags { get; init; }

    public RecordMark Mark { get; init; }

    public string Service { get; init; } = "api";

    public string Environment { get; init; } = "production";

    public string Source { get; init; } = "";

    public string Attributes { get; init; } = "";

    public string TraceId { get; init; } = "";

    public string SpanId { get; init; } = "";

    public string Id { get; init; } = "";

    public string Type { get; init; } = "";

    public string CorrelationId { get; init; } = "";

    public string CausationId { get; init; } = "";

    public ulong Pattern { get; init; }

    public long DuplicateOf { get; init; } = -1;

    /// <summary>Instead of <see cref="Body"/>, for text that is not UTF-8.</summary>
    public byte[]? RawBody { get; init; }
}
