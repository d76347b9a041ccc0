namespace Culprit.Server.Journal;

/// <summary>Decides whether an append may enter the queue, and tells refused senders when to come back.</summary>
internal sealed class AppendAdmission(
    JournalOptions options,
    IFileSystem files,
    TimeProvider clock,
    SegmentSet segments,
    AppendQueue queue,
    JournalHealth health,
    JournalCounters counters)
{
    // A tick always fits: without ticks there are no snapshots, and without those no trim that could make room.
    private const double QuotaShare = 0.95;

    private static readonly TimeSpan FreeSpaceEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly DrainRate _drain = new(clock);
    private DiskSpace _space;
    private long? _spaceAt;

    /// <summary>Share of the quota in use: 0 to 1, and a little above when damage or failed writes take space.</summary>
    public double Fill => (double)(segments.Bytes + queue.Bytes) / options.MaxBytes;

    /// <summary>Queues the append, or says why not.</summary>
    public RefusalReason? TryEnter(PendingAppend append)
    {
        counters.CountEntry(append);
        var refusal = Check(append) ?? (queue.TryAdd(append) ? null : FullOrClosing());
        if (refusal is { } reason)
        {
            counters.CountRefusal(reason, append);
        }

        return refusal;
    }

    public AppendResult Refuse(RefusalReason reason) => new(null, Describe(reason), RetryAfter(reason));

    private long QuotaBytes => (long)(options.MaxBytes * QuotaShare);

    private RefusalReason? Check(PendingAppend append)
    {
        var size = append.FrameBytes;
        var isTick = append.Batch is null;
        _drain.Observe(segments.Bytes);
        if (queue.IsClosed)
        {
            return RefusalReason.Closing;
        }

        if (size > options.MaxQueueBytes)
        {
            return RefusalReason.TooLarge;
        }

        var state = health.State;
        if (state == JournalState.ReadOnly)
        {
            return RefusalReason.ReadOnly;
        }

        if (segments.Bytes + queue.Bytes + size > (isTick ? options.MaxBytes : QuotaBytes))
        {
            return RefusalReason.QuotaReached;
        }

        return (!isTick && IsDiskFull(size)) || (state == JournalState.DiskFull && !health.TryProbe())
            ? RefusalReason.DiskFull
            : null;
    }

    private RefusalReason FullOrClosing() => queue.IsClosed ? RefusalReason.Closing : RefusalReason.QueueFull;

    private bool IsDiskFull(int size)
    {
        var space = Space();
        return space.Free < ((1 - options.MaxDiskUse) * space.Total) + size;
    }

    private DiskSpace Space()
    {
        lock (_lock)
        {
            if (_spaceAt is { } at && clock.GetElapsedTime(at) < FreeSpaceEvery)
            {
                return _space;
            }

            _spaceAt = clock.GetTimestamp();
            try
            {
                _space = files.Space(options.Folder);
            }
            catch (DiskException)
            {
                // Not knowing is no reason to refuse.
                _space = DiskSpace.Unknown;
            }

            return _space;
        }
    }

    private string Describe(RefusalReason reason) => reason switch
    {
        RefusalReason.QueueFull => "The journal's queue is full: the disk is slower than what arrives.",
        RefusalReason.QuotaReached => "The journal has reached 95 % of its quota: the stores lag behind.",
        RefusalReason.DiskFull => $"The disk of the journal is full, or nearly. {health.Reason}".TrimEnd(),
        RefusalReason.ReadOnly => $"The journal is read-only until a restart: {health.Reason}",
        RefusalReason.Closing => "The server is shutting down.",
        RefusalReason.TooLarge => $"The batch is larger than {options.MaxQueueBytes} bytes: send smaller ones.",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown reason {reason}."),
    };

    // The estimated time until there is room.
    private TimeSpan RetryAfter(RefusalReason reason) => reason switch
    {
        RefusalReason.QueueFull => DrainRate.Jittered(queue.Bytes / Math.Max(1, counters.BytesPerSecond)),
        RefusalReason.QuotaReached => _drain.TimeUntil(segments.Bytes, QuotaBytes),
        RefusalReason.DiskFull => DrainRate.Jittered(10),
        RefusalReason.Closing => DrainRate.Jittered(5),
        RefusalReason.ReadOnly or RefusalReason.TooLarge => DrainRate.Jittered(50),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown reason {reason}."),
    };
}
