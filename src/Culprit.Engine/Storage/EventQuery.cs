using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>What <c>GET /events</c> asks of the record store. Null means "any".</summary>
internal sealed record RecordQuery
{
    /// <summary>Ingested types to return, such as <c>log.entry</c>; null for all.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    public string? Service { get; init; }

    public string? Environment { get; init; }

    public IReadOnlyList<Severity>? Levels { get; init; }

    /// <summary>Substring of the body; ASCII letters match in either case.</summary>
    public string? Text { get; init; }

    public string? TraceId { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>Ids under which the pattern's records are stored, at least one.</summary>
    public HashSet<PatternId>? Patterns { get; init; }

    /// <summary>True to leave out records that repeat another within the dedupe window.</summary>
    public bool WithoutDuplicates { get; init; }

    /// <summary>Inclusive, Unix nanoseconds.</summary>
    public long FromNanos { get; init; } = long.MinValue;

    /// <summary>Exclusive, Unix nanoseconds.</summary>
    public long ToNanos { get; init; } = long.MaxValue;

    public bool OldestFirst { get; init; }

    /// <summary>1 to 1,000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Continue strictly after this (timestamp, sequence) in the chosen order.</summary>
    public (long TimestampNanos, long Sequence)? After { get; init; }
}

/// <summary>What <c>GET /events</c> asks of the derived events. Null means "any".</summary>
internal sealed record DerivedQuery
{
    public IReadOnlyList<string>? Types { get; init; }

    public string? Service { get; init; }

    public string? Environment { get; init; }

    /// <summary>Substring of the JSON text.</summary>
    public string? Text { get; init; }

    public string? CorrelationId { get; init; }

    public long FromNanos { get; init; } = long.MinValue;

    public long ToNanos { get; init; } = long.MaxValue;

    public bool OldestFirst { get; init; }

    public int Limit { get; init; } = 100;

    /// <summary>Continue strictly after this (timestamp, row) in the chosen order; the row is the order of writing.</summary>
    public (long TimestampNanos, long Row)? After { get; init; }
}

/// <summary>A derived event with the row that pages it.</summary>
internal sealed record DerivedRow(long Row, DerivedEvent Event);
