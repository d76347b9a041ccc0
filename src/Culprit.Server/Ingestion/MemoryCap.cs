namespace Culprit.Server.Ingestion;

/// <summary>Tells when the process takes more memory than it may.</summary>
internal sealed class MemoryCap(IngestLimits limits, TimeProvider clock)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private long? _lookedAt;
    private long? _collectedAt;
    private bool _isReached;

    public bool IsReached
    {
        get
        {
            lock (_lock)
            {
                if (_lookedAt is not { } at || clock.GetElapsedTime(at) >= LookEvery)
                {
                    _lookedAt = clock.GetTimestamp();
                    _isReached = Environment.WorkingSet >= limits.MemoryBytes;
                    CollectIfDueLocked();
                }

                return _isReached;
            }
        }
    }

    // The runtime does not know of the cap: what is free in its heap goes back to the system only when it is told to.
    private void CollectIfDueLocked()
    {
        if (_isReached && (_collectedAt is not { } at || clock.GetElapsedTime(at) >= CollectEvery))
        {
            _collectedAt = clock.GetTimestamp();
            _ = Task.Run(() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        }
    }
}
