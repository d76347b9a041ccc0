using System.ComponentModel.DataAnnotations;

namespace Culprit.Server.Journal;

/// <summary>Settings of the write-ahead log.</summary>
internal sealed class JournalOptions
{
    private const long MiB = 1024 * 1024;

    /// <summary>Folder of the segment files; made when missing. No other process may use it at the same time.</summary>
    [Required]
    public string Folder { get; set; } = "journal";

    /// <summary>What a success answer promises. Default <c>sync</c>.</summary>
    /// <remarks><c>async</c> answers before the disk has the records: faster on slow disks, and a power cut loses the last answers.</remarks>
    public Durability Durability { get; set; } = Durability.Sync;

    /// <summary>Size at which a segment is closed and the next begun. Default 64 MiB.</summary>
    /// <remarks>Raising it makes fewer files, a longer scan at start, and coarser freeing of space.</remarks>
    [Range(4096, 1024.0 * MiB)]
    public long SegmentBytes { get; set; } = 64 * MiB;

    /// <summary>Most bytes that the journal may keep on disk. Default 8 GiB; appends are refused from 95 % of it.</summary>
    /// <remarks>Raising it lets ingest continue for longer while a store is down.</remarks>
    [Range(8192, double.MaxValue)]
    public long MaxBytes { get; set; } = 8192 * MiB;

    /// <summary>Share of the file system in use, by whomever, from which appends are refused. Default 0.9.</summary>
    /// <remarks>Raising it takes events for longer, and leaves less for checkpoints, the outbox and other programs.</remarks>
    [Range(0.1, 1.0)]
    public double MaxDiskUse { get; set; } = 0.9;

    /// <summary>Most bytes that wait for the disk; more are refused with a time to come back. Default 64 MiB.</summary>
    /// <remarks>Raising it takes larger bursts and more memory, and lengthens the wait for an answer.</remarks>
    [Range(1024, 1024.0 * MiB)]
    public long MaxQueueBytes { get; set; } = 64 * MiB;

    /// <summary>Most bytes of one group, which shares one sync; a single larger batch is a group of its own. Default 1 MiB.</summary>
    /// <remarks>Raising it saves syncs under load and lengthens each.</remarks>
    [Range(1024, 64.0 * MiB)]
    public long MaxGroupBytes { get; set; } = MiB;

    /// <summary>Memory for the newest entries, from which readers that keep up are served. Default 32 MiB.</summary>
    /// <remarks>Raising it spares disk reads when a reader lags a little.</remarks>
    [Range(0, 4096.0 * MiB)]
    public long RecentBytes { get; set; } = 32 * MiB;

    /// <summary>Most bytes kept in <c>corrupt/</c>; further damage is still reported but not copied there. Default 1 GiB.</summary>
    [Range(0, double.MaxValue)]
    public long MaxCorruptBytes { get; set; } = 1024 * MiB;

    // The active segment is never deleted: were it to fill the quota alone, no trim could end the refusals.
    internal long EffectiveSegmentBytes => Math.Min(SegmentBytes, MaxBytes / 8);
}
