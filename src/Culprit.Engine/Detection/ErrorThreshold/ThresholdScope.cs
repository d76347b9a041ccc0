using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>The times of the newest errors of an environment; the rule is exact, so it looks at single times.</summary>
/// <remarks>Bounded: 64 times.</remarks>
internal sealed class ThresholdScope
{
    internal const int MaxTimes = 64;

    private readonly List<long> _times = [];

    /// <summary>An anomaly is open and absorbs further errors.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>When the limit was last reached, Unix nanoseconds.</summary>
    public long LastReached { get; private set; }

    public void Add(long timeNanos)
    {
        var at = _times.BinarySearch(timeNanos);
        _times.Insert(at < 0 ? ~at : at, timeNanos);
        if (_times.Count > MaxTimes)
        {
            _times.RemoveAt(0);
        }
    }

    /// <summary>Start of a window that holds <paramref name="timeNanos"/> and at least <paramref name="count"/> errors, or -1.</summary>
    public long Window(long timeNanos, int count, long windowNanos)
    {
        for (var i = 0; i + count <= _times.Count; i++)
        {
            var first = _times[i];
            var last = _times[i + count - 1];
            if (last - first <= windowNanos && first <= timeNanos && timeNanos <= last)
            {
                return first;
            }
        }

        return -1;
    }

    /// <summary>Errors later than a moment.</summary>
    public int Since(long nanos) => _times.Count(t => t > nanos);

    public void Open(long timeNanos)
    {
        IsOpen = true;
        LastReached = Math.Max(LastReached, timeNanos);
    }

    public void Close()
    {
        IsOpen = false;
        _times.Clear();
    }

    /// <summary>Drops the times that no window of the present can hold any more.</summary>
    public void Forget(long beforeNanos)
    {
        var keep = _times.FindIndex(t => t >= beforeNanos);
        _times.RemoveRange(0, keep < 0 ? _times.Count : keep);
    }

    public ThresholdScopeState ToState() => new([.. _times], IsOpen, LastReached);

    public void Restore(ThresholdScopeState state)
    {
        _times.AddRange(state.Times);
        IsOpen = state.IsOpen;
        LastReached = state.LastReached;
    }
}

/// <summary>A <see cref="ThresholdScope"/> at rest.</summary>
internal sealed record ThresholdScopeState(long[] Times, bool IsOpen, long LastReached);
