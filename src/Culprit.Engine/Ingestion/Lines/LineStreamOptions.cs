namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What is known about a stream of lines from outside it.</summary>
internal sealed record LineStreamOptions
{
    /// <summary>A batch of long records is closed early.</summary>
    public const int MaxBatchBytes = 8 * 1024 * 1024;

    /// <summary>For records that name no service themselves. Default <c>unknown</c>.</summary>
    public string Service { get; init; } = "unknown";

    /// <summary>For records that name no environment. Default <c>default</c>.</summary>
    public string Environment { get; init; } = "default";

    /// <summary>Where the lines come from, as every record's source; may be empty.</summary>
    public string Source { get; init; } = "";

    /// <summary>When the stream was last written, in Unix nanoseconds: completes dates without a year.</summary>
    public long WrittenNanos { get; init; }

    /// <summary>Records per batch. Default 4,096; more costs memory, fewer costs calls.</summary>
    public int BatchRecords { get; init; } = 4096;
}
