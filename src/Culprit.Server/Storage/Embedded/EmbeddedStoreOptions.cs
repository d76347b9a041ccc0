namespace Culprit.Server.Storage.Embedded;

/// <summary>Sizes and limits of the embedded stores.</summary>
internal sealed record EmbeddedStoreOptions
{
    /// <summary>Records that fill a segment. Default 131,072.</summary>
    /// <remarks>Raising it makes fewer, larger files, and keeps more records in memory until they are written.</remarks>
    public int MaxSegmentRows { get; init; } = 131_072;

    /// <summary>Records of a row group, the smallest part of a segment that is read. Default 16,384.</summary>
    /// <remarks>Raising it makes slightly smaller files and slower searches for few records.</remarks>
    public int GroupRows { get; init; } = 16_384;

    /// <summary>Bytes of records (as received, not compressed) that fill a segment. Default 64 MiB.</summary>
    public long MaxSegmentBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Bytes of rows that a merge holds in memory at once. Default 64 MiB.</summary>
    /// <remarks>Raising it makes row groups of merged files overlap less in time.</remarks>
    public long MaxMergeBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Age of the oldest record in memory at which a segment is written even if it is not full. Default 60 s.</summary>
    public TimeSpan MaxSegmentAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Records up to which segments are merged in the background. Default 1,200,000.</summary>
    /// <remarks>Raising it makes fewer, larger files; a record is kept until the newest one of its file is too old.</remarks>
    public int MaxMergedRows { get; init; } = 1_200_000;

    /// <summary>Bytes of files, compressed, up to which segments are merged. Default 128 MiB.</summary>
    public long MaxMergedBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>What the numbers of retention classes mean. Default: there is only the default class.</summary>
    public RetentionClasses Classes { get; init; } = RetentionClasses.None;

    /// <summary>Zstandard level of segments, 1 to 3. Default 1.</summary>
    public int CompressionLevel { get; init; } = 1;

    /// <summary>Memory that all queries together may use, in MiB. Default 512.</summary>
    public int QueryMemoryMebibytes { get; init; } = 512;

    /// <summary>Threads that all queries together may use. Default 2.</summary>
    public int QueryThreads { get; init; } = 2;

    /// <summary>Queries that run at once; others wait. Default 4.</summary>
    public int MaxConcurrentQueries { get; init; } = 4;
}
