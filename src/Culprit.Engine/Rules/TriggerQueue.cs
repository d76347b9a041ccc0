using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Culprit.Engine.Rules;

/// <summary>Decides which event is handled next: one scope in order, different scopes side by side, failed ones again later.</summary>
/// <remarks>
/// Pure: the time is handed in. While an event waits for its next attempt, later ones of its scope wait behind it, so that a
/// handler sees a scope's events in order. A firing of a replay has one attempt: those of the present must not wait for it.
/// Not thread-safe.
/// </remarks>
internal sealed class TriggerQueue(TriggerOptions options)
{
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Queue<Lane> _ready = [];
    private readonly PriorityQueue<Lane, (DateTimeOffset Due, long Order)> _paused = new();
    private readonly SortedSet<long> _unfinished = [];
    private long _order;

    /// <summary>Events taken and not yet done.</summary>
    public int Waiting { get; private set; }

    /// <summary>Number of the newest event taken.</summary>
    public long Posted { get; private set; }

    /// <summary>Every event up to this number is done or dead.</summary>
    public long Settled => _unfinished.Count > 0 ? _unfinished.Min - 1 : Posted;

    /// <summary>Calls under way.</summary>
    public int Running { get; private set; }

    /// <summary>Events that found the queue full.</summary>
    public long Refused { get; private set; }

    /// <summary>When the next paused event may be tried; null when nothing is paused or no more calls may run.</summary>
    public DateTimeOffset? NextDue =>
        Running < options.MaxParallel && _paused.TryPeek(out _, out var first) ? first.Due : null;

    /// <summary>False, and counted, when the queue is full.</summary>
    public bool TryAdd(RuleFiring firing)
    {
        if (Waiting >= options.MaxWaiting)
        {
            Refused++;
            return false;
        }

        if (!_lanes.TryGetValue(firing.ScopeKey, out var lane))
        {
            lane = new Lane();
            _lanes.Add(firing.ScopeKey, lane);
            _ready.Enqueue(lane);
        }

        lane.Work.AddLast(new TriggerWork(firing, 1, ++Posted));
        _unfinished.Add(Posted);
        Waiting++;
        return true;
    }

    /// <summary>The event to handle now, or null. Each one taken must be completed.</summary>
    public TriggerWork? TryTake(DateTimeOffset now)
    {
        while (_paused.TryPeek(out var paused, out var first) && first.Due <= now)
        {
            _paused.Dequeue();
            _ready.Enqueue(paused);
        }

        if (Running >= options.MaxParallel || !_ready.TryDequeue(out var lane))
        {
            return null;
        }

        Running++;
        return lane.Work.First!.Value;
    }

    /// <summary>Says how the call of <paramref name="work"/> ended.</summary>
    public TriggerOutcome Complete(TriggerWork work, TriggerResult result, DateTimeOffset now)
    {
        var lane = _lanes[work.Firing.ScopeKey];
        Running--;
        lane.Work.RemoveFirst();
        if (!result.IsDone && work.Attempt < options.MaxAttempts && !work.Firing.IsReplayed)
        {
            lane.Work.AddFirst(work with { Attempt = work.Attempt + 1 });
            _paused.Enqueue(lane, (now + Pause(work, result.RetryAfter), _order++));
            return TriggerOutcome.WillRetry;
        }

        Waiting--;
        _unfinished.Remove(work.Number);
        if (lane.Work.Count > 0)
        {
            _ready.Enqueue(lane);
        }
        else
        {
            _lanes.Remove(work.Firing.ScopeKey);
        }

        return result.IsDone ? TriggerOutcome.Done : work.Firing.IsReplayed ? TriggerOutcome.Abandoned : TriggerOutcome.Dead;
    }

    /// <summary>Doubles with each attempt; up to a fifth is added, by a hash, so that events that failed together come back apart.</summary>
    private TimeSpan Pause(TriggerWork work, TimeSpan? asked)
    {
        if (asked is { } wished)
        {
            return wished < TimeSpan.Zero ? TimeSpan.Zero : wished > options.LongestPause ? options.LongestPause : wished;
        }

        var pause = options.FirstPause * Math.Pow(2, Math.Min(30, work.Attempt - 1));
        var hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(work.Firing.Id.AsSpan()), work.Attempt);
        pause *= 1 + (0.2 * (hash >> 11) / (1UL << 53));
        return pause > options.LongestPause ? options.LongestPause : pause;
    }

    private sealed class Lane
    {
        public LinkedList<TriggerWork> Work { get; } = [];
    }
}
