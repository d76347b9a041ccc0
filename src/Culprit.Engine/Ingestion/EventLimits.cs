namespace Culprit.Engine.Ingestion;

/// <summary>Bounds of one event and one batch; they hold for every protocol.</summary>
internal static class EventLimits
{
    public const int MaxDepth = 32;

    /// <summary>Members of all objects of an event together; the rest is dropped and the record flagged.</summary>
    public const int MaxFields = 256;

    /// <summary>Longer strings are cut and the record flagged.</summary>
    public const int MaxValueBytes = 256 * 1024;

    public const int MaxEventBytes = 1024 * 1024;

    public const int MaxEventsPerBatch = 50_000;

    /// <summary>Bytes of all records of one body: shared labels can make them more than the body had.</summary>
    /// <remarks>The journal takes 64 MiB at once. What is larger must be refused for good: it would be sent again for ever.</remarks>
    public const int MaxBatchRecordBytes = 60 * 1024 * 1024;

    /// <summary>Characters of a service, environment, type or id.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Bytes of a trace, span, correlation or causation id; longer ones are cut and the record flagged.</summary>
    public const int MaxReferenceBytes = 128;

    public const int MaxSourceBytes = 1024;

    /// <summary>How far back a sender's time is believed: 14 days.</summary>
    public const long MaxAgeNanos = 14L * 86_400 * 1_000_000_000;

    /// <summary>How far ahead a sender's time is believed: 10 minutes.</summary>
    public const long MaxAheadNanos = 600L * 1_000_000_000;
}
