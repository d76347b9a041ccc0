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
    private const double QuotaShare = 0.9;

    private static readonly TimeSpan FreeSpaceEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long _startedAt = clock.GetTimestamp();
    private long _freeBytes = long.MaxValue;
    private long? _freeBytesAt;

    /// <summary>Share of the quota in use: 0 to 1, and a little above when damage or failed writes take space.</summary>
    public double Fill => (double)(segments.Bytes + queue.Bytes) / options.MaxBytes;

    /// <summary>Queues the append, or says why not.</summary>
    public RefusalReason? TryEnter(PendingAppend append)
    {
        var size = append.FrameBytes;
        var refusal = Check(size) ?? (queue.TryAdd(append) ? null : FullOrClosing());
        if (refusal is { } reason)
        {
            counters.CountRefusal(reason);
        }

        return refusal;
    }

    public AppendResult Refuse(RefusalReason reason) => new(null, Describe(reason), RetryAfter(reason));

    private RefusalReason? Check(int size)
    {
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

        if (segments.Bytes + queue.Bytes + size > options.MaxBytes * QuotaShare)
        {
            return RefusalReason.QuotaReached;
        }

        return FreeBytes() < options.ReserveBytes + size || (state == JournalState.DiskFull && !health.TryProbe())
            ? RefusalReason.DiskFull
            : null;
    }

    private RefusalReason FullOrClosing() => queue.IsClosed ? RefusalReason.Closing : RefusalReason.QueueFull;

    private long FreeBytes()
    {
        lock (_lock)
        {
            if (_freeBytesAt is { } at && clock.GetElapsedTime(at) < FreeSpaceEvery)
            {
                return _freeBytes;
            }

            _freeBytesAt = clock.GetTimestamp();
            try
            {
                _freeBytes = files.FreeBytes(options.Folder);
            }
            catch (DiskException)
            {
                // Not knowing is no reason to refuse: the write itself will tell.
                _freeBytes = long.MaxValue;
            }

            return _freeBytes;
        }
    }

    private string Describe(RefusalReason reason) => reason switch
    {
        RefusalReason.QueueFull => "The journal's queue is full: the disk is slower than what arrives.",
        RefusalReason.QuotaReached => "The journal has reached 90 % of its quota: the stores lag behind.",
        RefusalReason.DiskFull => $"The disk of the journal is full. {health.Reason}".TrimEnd(),
        RefusalReason.ReadOnly => $"The journal is read-only until a restart: {health.Reason}",
        RefusalReason.Closing => "The server is shutting down.",
        RefusalReason.TooLarge => $"The batch is larger than {options.MaxQueueBytes} bytes: send smaller ones.",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown reason {reason}."),
    };

    // The estimated time until there is room, 1 to 60 s, with jitter so that senders do not return all at once.
    private TimeSpan RetryAfter(RefusalReason reason)
    {
        var seconds = reason switch
        {
            RefusalReason.QueueFull => queue.Bytes / Math.Max(1, counters.Bytes / ElapsedSeconds()),
            RefusalReason.QuotaReached => 10,
            RefusalReason.DiskFull => 10,
            RefusalReason.Closing => 5,
            RefusalReason.ReadOnly or RefusalReason.TooLarge => 50,
            _ => throw new System.Diagnostics.UnreachableException($"Unknown reason {reason}."),
        };
        var jitter = 0.8 + (0.4 * Random.Shared.NextDouble());
        return TimeSpan.FromSeconds(Math.Clamp(seconds * jitter, 1, 60));
    }

    private double ElapsedSeconds() => Math.Max(0.001, clock.GetElapsedTime(_startedAt).TotalSeconds);
}
