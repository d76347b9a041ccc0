using System.IO.Hashing;
using System.Security.Cryptography;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion;

/// <summary>The event ids of the last 10 minutes (or 8 million), so that a resent event is counted once.</summary>
/// <remarks>
/// Keeps 64-bit hashes under a seed of this process, so that nobody can construct a collision that would swallow an
/// event. Four generations, the oldest dropped whole: an id is known for at least 10 minutes, or until 6 million others came.
/// At most 128 MiB. An id counts as known only once the journal has its record; a request that meets an id in flight
/// elsewhere waits for that outcome.
/// </remarks>
/// <param name="maxIds">Ids kept at most. Default 8 million; lowering it saves memory and forgets earlier under load.</param>
internal sealed class RecentIds(TimeProvider clock, int maxIds = 8_000_000)
{
    private const int Generations = 4;
    private static readonly TimeSpan GenerationSpan = TimeSpan.FromSeconds(200);

    private readonly Lock _lock = new();
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
    private readonly IdGeneration[] _generations = [new(), new(), new(), new()];
    private readonly Dictionary<ulong, Claims> _inFlight = [];
    private long _startedAt = clock.GetTimestamp();
    private int _current;

    /// <summary>Ids known now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _generations.Sum(g => g.Count);
            }
        }
    }

    /// <summary>Starts the bookkeeping of one request; it must end with Confirm or Release.</summary>
    public Claims Begin() => new(this);

    /// <summary>True when the id was remembered, or confirmed, of late.</summary>
    public bool Knows(ReadOnlySpan<byte> id)
    {
        var hash = Hash(id);
        lock (_lock)
        {
            return IsKnownLocked(hash);
        }
    }

    /// <summary>Learns the ids of a batch that is already durable: after a restart, from the journal.</summary>
    public void Remember(RecordBatch batch)
    {
        lock (_lock)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                if (!batch[i].Id.IsEmpty)
                {
                    AddLocked(Hash(batch[i].Id));
                }
            }

            if (BodyName.Read(batch) is { } name)
            {
                AddLocked(Hash(name.Bytes));
            }
        }
    }

    private ulong Hash(ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id, _seed);

    private void AddLocked(ulong hash)
    {
        if (_generations[_current].Count >= maxIds / Generations || clock.GetElapsedTime(_startedAt) >= GenerationSpan)
        {
            _current = (_current + 1) % Generations;
            _generations[_current].Clear();
            _startedAt = clock.GetTimestamp();
        }

        _generations[_current].Add(hash);
    }

    private bool IsKnownLocked(ulong hash)
    {
        var idle = clock.GetElapsedTime(_startedAt);
        if (idle >= GenerationSpan * Generations)
        {
            foreach (var generation in _generations)
            {
                generation.Clear();
            }

            _startedAt = clock.GetTimestamp();
            return false;
        }

        foreach (var generation in _generations)
        {
            if (generation.Contains(hash))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The ids that one request wants to add.</summary>
    public sealed class Claims : IEventIdFilter
    {
        private readonly RecentIds _ids;
        private readonly List<ulong> _claimed = [];
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Claims(RecentIds ids) => _ids = ids;

        /// <summary>Set when an id is in flight in another request: release, wait for this, and start again.</summary>
        public Task? Contended { get; private set; }

        public bool IsRepeat(ReadOnlySpan<byte> id)
        {
            var hash = _ids.Hash(id);
            lock (_ids._lock)
            {
                if (_ids.IsKnownLocked(hash))
                {
                    return true;
                }

                if (_ids._inFlight.TryGetValue(hash, out var owner))
                {
                    if (owner != this)
                    {
                        Contended = owner._done.Task;
                    }

                    return true;
                }

                _ids._inFlight.Add(hash, this);
            }

            _claimed.Add(hash);
            return false;
        }

        /// <summary>The journal has the records: their ids are known from now on.</summary>
        public void Confirm() => End(isKept: true);

        /// <summary>Nothing was written: the ids are as new as before.</summary>
        public void Release() => End(isKept: false);

        private void End(bool isKept)
        {
            if (_claimed.Count > 0)
            {
                lock (_ids._lock)
                {
                    foreach (var hash in _claimed)
                    {
                        _ids._inFlight.Remove(hash);
                        if (isKept)
                        {
                            _ids.AddLocked(hash);
                        }
                    }
                }

                _claimed.Clear();
            }

            _done.TrySetResult();
        }
    }
}
