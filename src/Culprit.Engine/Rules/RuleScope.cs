namespace Culprit.Engine.Rules;

/// <summary>Counts the records of one scope of one rule, and knows whether its firing is still open.</summary>
/// <remarks>
/// Exact: single times are kept, in order, as far back as a late record could still complete a window. An open firing absorbs
/// what follows until the count has not been reached for a window.
/// </remarks>
internal sealed class RuleScope
{
    /// <summary>Times that a scope keeps at most: room for late records around one window.</summary>
    public static int MaxTimes(int count) => Math.Max(64, 4 * count);

    private readonly List<long> _times = [];
    private long _lastReached;

    public bool IsOpen { get; private set; }

    /// <summary>Adds a record; true when it completes a window of a scope that was not open. Then <paramref name="start"/> is the window's first time.</summary>
    public bool Add(long timeNanos, int count, long windowNanos, long latenessNanos, out long start)
    {
        start = timeNanos;
        if (IsOpen && timeNanos - _lastReached > windowNanos)
        {
            // Later times have completed no window yet, so they may still.
            IsOpen = false;
            _times.RemoveAll(t => t <= _lastReached);
        }

        Forget(timeNanos - windowNanos - latenessNanos, count);
        var at = _times.BinarySearch(timeNanos);
        at = at < 0 ? ~at : at;
        _times.Insert(at, timeNanos);
        var first = FirstOfWindow(at, count, windowNanos);
        if (first < 0)
        {
            return false;
        }

        start = _times[first];
        var end = _times[first + count - 1];
        _lastReached = IsOpen ? Math.Max(_lastReached, end) : end;
        var isNew = !IsOpen;
        IsOpen = true;
        return isNew;
    }

    /// <summary>Times from the start on within a window, and the last of them.</summary>
    public (long Count, long End) InWindow(long start, long windowNanos)
    {
        var within = _times.Where(t => t >= start && t - start <= windowNanos).ToList();
        return (within.Count, within.Count > 0 ? within[^1] : start);
    }

    public RuleScopeState ToState(ulong key) => new(key, [.. _times], IsOpen, _lastReached);

    public static RuleScope Restore(RuleScopeState state)
    {
        var scope = new RuleScope { IsOpen = state.IsOpen, _lastReached = state.LastReached };
        scope._times.AddRange(state.Times);
        return scope;
    }

    /// <summary>Index of the first time of a run of <paramref name="count"/> times within a window that the new time is part of, or -1.</summary>
    private int FirstOfWindow(int at, int count, long windowNanos)
    {
        for (var first = Math.Max(0, at - count + 1); first <= at && first + count <= _times.Count; first++)
        {
            if (_times[first + count - 1] - _times[first] <= windowNanos)
            {
                return first;
            }
        }

        return -1;
    }

    /// <summary>Drops what no window of the present can hold; a scope full of late records loses its oldest.</summary>
    private void Forget(long beforeNanos, int count)
    {
        var keep = _times.FindIndex(t => t >= beforeNanos);
        var old = keep < 0 ? _times.Count : keep;
        _times.RemoveRange(0, Math.Max(old, _times.Count - MaxTimes(count) + 1));
    }
}
