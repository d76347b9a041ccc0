using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>An ingested event as read back from a store.</summary>
internal sealed record StoredRecord
{
    public required long Sequence { get; init; }

    /// <summary>The sender's id, or null (then the wire shows <see cref="RecordId.Format"/>).</summary>
    public string? Id { get; init; }

    /// <summary>The wire's <c>type</c>.</summary>
    public required string Type { get; init; }

    public required EventKind Kind { get; init; }

    public required long TimestampNanos { get; init; }

    public required Severity Severity { get; init; }

    public required RecordFlags Flags { get; init; }

    /// <summary>Records that this one stands for, because so many like it were sampled out.</summary>
    public int Weight { get; init; } = 1;

    public required string Service { get; init; }

    public required string Environment { get; init; }

    public required string Source { get; init; }

    public required string Body { get; init; }

    /// <summary>JSON object, or empty.</summary>
    public required string Attributes { get; init; }

    public string? TraceId { get; init; }

    public string? SpanId { get; init; }

    public string? CorrelationId { get; init; }

    public string? CausationId { get; init; }

    public PatternId Pattern { get; init; }

    /// <summary>Sequence of the first occurrence that this record repeats within 5 s, or -1.</summary>
    public long DuplicateOf { get; init; } = -1;

    /// <summary>A record with what the engine found out about it, in the form in which stores return it.</summary>
    public static StoredRecord Of(in LogRecord record, PatternId pattern, long duplicateOf) => new()
    {
        Sequence = record.Sequence,
        Id = TextOrNull(record.Id),
        Type = record.TypeName,
        Kind = record.Kind,
        TimestampNanos = record.TimestampNanos,
        Severity = record.Severity,
        Flags = record.Flags,
        Weight = record.Weight,
        Service = Encoding.UTF8.GetString(record.Service),
        Environment = Encoding.UTF8.GetString(record.Environment),
        Source = Encoding.UTF8.GetString(record.Source),
        Body = Encoding.UTF8.GetString(record.Body),
        Attributes = Encoding.UTF8.GetString(record.Attributes),
        TraceId = TextOrNull(record.TraceId),
        SpanId = TextOrNull(record.SpanId),
        CorrelationId = TextOrNull(record.CorrelationId),
        CausationId = TextOrNull(record.CausationId),
        Pattern = pattern,
        DuplicateOf = duplicateOf,
    };

    private static string? TextOrNull(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? null : Encoding.UTF8.GetString(utf8);
}

/// <summary>An event that the engine made: summary, anomaly, incident, root cause, alert. Written once per id.</summary>
/// <param name="Id">Derived from content: the same after a replay.</param>
/// <param name="Type">The wire's <c>type</c>.</param>
/// <param name="CorrelationId">The incident's id, if it belongs to one.</param>
/// <param name="CausationId">The event that it follows from.</param>
/// <param name="Service">The service it is about, or null when there are several.</param>
/// <param name="Json">The whole event as on the wire, UTF-8.</param>
internal sealed record DerivedEvent(
    string Id,
    string Type,
    long TimestampNanos,
    string Environment,
    string? Service,
    string? CorrelationId,
    string? CausationId,
    ReadOnlyMemory<byte> Json);
