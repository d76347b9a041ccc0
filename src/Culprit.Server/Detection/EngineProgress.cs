using Culprit.Engine;
using Culprit.Server.Access;

namespace Culprit.Server.Detection;

/// <summary>How far the engine has come; read by health checks and by whoever trims the journal.</summary>
internal sealed class EngineProgress
{
    private IReadOnlyList<EnvironmentOverview> _environments = [];
    private long _sequence;
    private long _snapshotSequence;
    private long _tickNanos;
    private long _records;
    private long _failedEntries;
    private string? _obstacle;

    /// <summary>Newest sequence whose output is durable.</summary>
    public long Sequence
    {
        get => Interlocked.Read(ref _sequence);
        set => Interlocked.Exchange(ref _sequence, value);
    }

    /// <summary>Sequence of the newest durable snapshot: replay starts after it.</summary>
    public long SnapshotSequence
    {
        get => Interlocked.Read(ref _snapshotSequence);
        set => Interlocked.Exchange(ref _snapshotSequence, value);
    }

    /// <summary>The newest tick processed, Unix nanoseconds.</summary>
    public long TickNanos
    {
        get => Interlocked.Read(ref _tickNanos);
        set => Interlocked.Exchange(ref _tickNanos, value);
    }

    /// <summary>What was known of each environment a few seconds ago; a caller gets those that it may see.</summary>
    public IReadOnlyList<EnvironmentOverview> Environments
    {
        get => Caller.Environments is null ? Volatile.Read(ref _environments) : [.. Volatile.Read(ref _environments).Where(e => Caller.Sees(e.Environment))];
        set => Volatile.Write(ref _environments, value);
    }

    /// <summary>Records processed since the start of this process.</summary>
    public long Records => Interlocked.Read(ref _records);

    /// <summary>Entries that failed and went to the dead letters.</summary>
    public long FailedEntries => Interlocked.Read(ref _failedEntries);

    /// <summary>Why what was found cannot be stored just now; null while it can.</summary>
    public string? Obstacle
    {
        get => Volatile.Read(ref _obstacle);
        set => Volatile.Write(ref _obstacle, value);
    }

    public void CountRecords(int count) => Interlocked.Add(ref _records, count);

    public void CountFailure() => Interlocked.Increment(ref _failedEntries);
}
