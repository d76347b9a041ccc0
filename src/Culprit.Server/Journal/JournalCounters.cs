namespace Culprit.Server.Journal;

/// <summary>What the journal has done since it was opened; read by metrics at any time.</summary>
internal sealed class JournalCounters
{
    private readonly long[] _refusals = new long[Enum.GetValues<RefusalReason>().Length];
    private readonly long[] _refusedRecords = new long[Enum.GetValues<RefusalReason>().Length];
    private long _enteredRecords;
    private long _batches;
    private long _records;
    private long _ticks;
    private long _bytes;
    private long _groups;
    private long _syncs;
    private long _failedWrites;
    private long _failedDeletions;
    private long _writingMilliseconds;

    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Records that senders wanted to append; like all counts of records, without those that are only tried again.</summary>
    public long EnteredRecords => Volatile.Read(ref _enteredRecords);

    /// <summary>Records made durable.</summary>
    public long Records => Volatile.Read(ref _records);

    public long Ticks => Volatile.Read(ref _ticks);

    /// <summary>Bytes of payload acknowledged.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public long Groups => Volatile.Read(ref _groups);

    public long Syncs => Volatile.Read(ref _syncs);

    /// <summary>Writes, syncs or segment starts that the disk refused.</summary>
    public long FailedWrites => Volatile.Read(ref _failedWrites);

    /// <summary>Segments that could not be deleted; the next trim tries again.</summary>
    public long FailedDeletions => Volatile.Read(ref _failedDeletions);

    /// <summary>How fast the disk took what was acknowledged, over the time in which it had something to do.</summary>
    public double BytesPerSecond => 1000.0 * Bytes / Math.Max(1, Volatile.Read(ref _writingMilliseconds));

    /// <summary>Refused appends, batches and ticks.</summary>
    public long Refused(RefusalReason reason) => Volatile.Read(ref _refusals[(int)reason]);

    /// <summary>Records of refused appends.</summary>
    public long RefusedRecords(RefusalReason reason) => Volatile.Read(ref _refusedRecords[(int)reason]);

    internal void CountEntry(PendingAppend append) => Interlocked.Add(ref _enteredRecords, append.NewRecords);

    internal void CountRefusal(RefusalReason reason, PendingAppend append)
    {
        Interlocked.Increment(ref _refusals[(int)reason]);
        Interlocked.Add(ref _refusedRecords[(int)reason], append.NewRecords);
    }

    internal void CountSync() => Interlocked.Increment(ref _syncs);

    internal void CountFailedWrite() => Interlocked.Increment(ref _failedWrites);

    internal void CountFailedDeletion() => Interlocked.Increment(ref _failedDeletions);

    internal void CountGroup(ReadOnlySpan<StagedFrame> frames, TimeSpan writing)
    {
        Interlocked.Add(ref _writingMilliseconds, (long)Math.Ceiling(writing.TotalMilliseconds));
        long batches = 0, records = 0, bytes = 0;
        foreach (var frame in frames)
        {
            bytes += frame.Payload.Length;
            if (frame.Entry.Batch is { } batch)
            {
                batches++;
                records += batch.IsRetry ? 0 : batch.Count;
            }
        }

        Interlocked.Add(ref _batches, batches);
        Interlocked.Add(ref _records, records);
        Interlocked.Add(ref _ticks, frames.Length - batches);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _groups);
    }
}
