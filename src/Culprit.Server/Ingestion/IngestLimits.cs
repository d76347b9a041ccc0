namespace Culprit.Server.Ingestion;

/// <summary>How much memory each part of ingestion may take, for a process that may take <paramref name="MemoryBytes"/>.</summary>
internal sealed record IngestLimits(long MemoryBytes)
{
    private const long MiB = 1024 * 1024;

    /// <summary>Acknowledged bytes that may wait in memory for the store.</summary>
    public long MaxPendingBytes => Math.Min(128 * MiB, MemoryBytes / 8);

    /// <summary>Size at which the store writes a segment: what waits must be enough for one.</summary>
    public long MaxSegmentBytes => MaxPendingBytes / 2;

    /// <summary>Rows of segments that are in memory at once while those are merged; they are there twice, read and to be written.</summary>
    public long MaxMergeBytes => Math.Min(64 * MiB, MemoryBytes / 32);

    /// <summary>Bodies of requests under way: four of the largest size, sent and inflated, or many ordinary ones.</summary>
    public long MaxBodyBytes => Math.Clamp(MemoryBytes / 8, 64 * MiB, 512 * MiB);

    /// <summary>What all queries together may take.</summary>
    public int QueryMebibytes => (int)Math.Min(512, MemoryBytes / 4 / MiB);
}
