using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>Counts the errors of one scope (an environment, a service or a pattern) and knows what is usual there.</summary>
/// <remarks>
/// The plain rule is exact: it looks at single times. The rule above a baseline counts seconds of event time, which is
/// enough for the larger numbers that it compares. Bounded: 64 times, 256 seconds, 60 minutes.
/// </remarks>
internal sealed class ErrorScope
{
    private const int MaxTimes = 64;
    private const int Seconds = 256;
    private const int Minutes = 60;

    private readonly List<long> _times = [];
    private readonly int[] _bySecond = new int[Seconds];
    private readonly long[] _secondStamps = new long[Seconds];
    private readonly int[] _byMinute = new int[Minutes];
    private readonly long[] _minuteStamps = new long[Minutes];
    private readonly bool[] _minuteExcluded = new bool[Minutes];

    /// <summary>An anomaly of this scope is open and absorbs further errors.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>It was opened by the plain count, before there was a baseline.</summary>
    public bool OpenedPlainly { get; private set; }

    /// <summary>When the scope last reached its limit, Unix nanoseconds.</summary>
    public long LastReached { get; private set; }

    /// <summary>Adds one error.</summary>
    /// <param name="timeNanos">Its event time.</param>
    /// <param name="tickNanos">The newest tick: the minute that learns from it.</param>
    public void Add(long timeNanos, long tickNanos)
    {
        var at = _times.BinarySearch(timeNanos);
        _times.Insert(at < 0 ? ~at : at, timeNanos);
        if (_times.Count > MaxTimes)
        {
            _times.RemoveAt(0);
        }

        var second = timeNanos / UnixNanos.PerSecond;
        var slot = (int)(second % Seconds);
        if (_secondStamps[slot] < second)
        {
            _secondStamps[slot] = second;
            _bySecond[slot] = 0;
        }

        if (_secondStamps[slot] == second)
        {
            _bySecond[slot]++;
        }

        var minute = tickNanos / (60 * UnixNanos.PerSecond);
        var minuteSlot = (int)(minute % Minutes);
        if (_minuteStamps[minuteSlot] != minute)
        {
            _minuteStamps[minuteSlot] = minute;
            _byMinute[minuteSlot] = 0;
            _minuteExcluded[minuteSlot] = false;
        }

        _byMinute[minuteSlot]++;
        _minuteExcluded[minuteSlot] |= IsOpen && !OpenedPlainly;
    }

    /// <summary>Start of a window that holds <paramref name="timeNanos"/> and at least <paramref name="count"/> errors, or -1.</summary>
    public long PlainWindow(long timeNanos, int count, long windowNanos)
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

    /// <summary>Errors in the window that ends with the second of <paramref name="timeNanos"/>, and when they began.</summary>
    public (long Count, long Start) InWindow(long timeNanos, TimeSpan window)
    {
        var end = timeNanos / UnixNanos.PerSecond;
        var length = Math.Min((long)Math.Ceiling(window.TotalSeconds), Seconds - 1);
        long count = 0;
        var start = end;
        for (var second = end - length + 1; second <= end; second++)
        {
            var slot = (int)(((second % Seconds) + Seconds) % Seconds);
            if (_secondStamps[slot] == second && _bySecond[slot] > 0)
            {
                start = count == 0 ? second : start;
                count += _bySecond[slot];
            }
        }

        return (count, start * UnixNanos.PerSecond);
    }

    /// <summary>What is usual per minute: mean, variance and the number of full minutes behind them.</summary>
    /// <param name="sinceMinute">First minute (Unix time / 60 s) of the environment's history.</param>
    /// <param name="nowMinute">The current minute, which is not full and does not count.</param>
    public (double Mean, double Variance, int Minutes) Usual(long sinceMinute, long nowMinute)
    {
        double sum = 0;
        double squares = 0;
        var n = 0;
        for (var minute = Math.Max(sinceMinute, nowMinute - Minutes + 1); minute < nowMinute; minute++)
        {
            var slot = (int)(minute % Minutes);
            var known = _minuteStamps[slot] == minute;
            if (known && _minuteExcluded[slot])
            {
                continue;
            }

            double count = known ? _byMinute[slot] : 0;
            sum += count;
            squares += count * count;
            n++;
        }

        if (n == 0)
        {
            return (0, 0, 0);
        }

        var mean = sum / n;
        return (mean, n > 1 ? Math.Max(0, (squares - (n * mean * mean)) / (n - 1)) : mean, n);
    }

    public void Open(long timeNanos, bool plainly)
    {
        OpenedPlainly = IsOpen ? OpenedPlainly && plainly : plainly;
        IsOpen = true;
        LastReached = Math.Max(LastReached, timeNanos);
    }

    public void Close()
    {
        IsOpen = false;
        _times.Clear();
    }

    /// <summary>Drops single times that no window of the present can hold any more.</summary>
    public void Forget(long beforeNanos)
    {
        var keep = _times.FindIndex(t => t >= beforeNanos);
        _times.RemoveRange(0, keep < 0 ? _times.Count : keep);
    }

    /// <summary>True when nothing of the last hour is left to remember.</summary>
    public bool IsIdle(long nowMinute) => !IsOpen && _times.Count == 0 && _minuteStamps.All(m => m < nowMinute - Minutes);

    public ErrorScopeState ToState() => new(
        [.. _times], _bySecond, _secondStamps, _byMinute, _minuteStamps, _minuteExcluded, IsOpen, OpenedPlainly, LastReached);

    public static ErrorScope Restore(ErrorScopeState state)
    {
        var scope = new ErrorScope { IsOpen = state.IsOpen, OpenedPlainly = state.OpenedPlainly, LastReached = state.LastReached };
        scope._times.AddRange(state.Times);
        state.BySecond.CopyTo(scope._bySecond, 0);
        state.SecondStamps.CopyTo(scope._secondStamps, 0);
        state.ByMinute.CopyTo(scope._byMinute, 0);
        state.MinuteStamps.CopyTo(scope._minuteStamps, 0);
        state.MinuteExcluded.CopyTo(scope._minuteExcluded, 0);
        return scope;
    }
}

/// <summary>An <see cref="ErrorScope"/> at rest.</summary>
internal sealed record ErrorScopeState(
    long[] Times,
    int[] BySecond,
    long[] SecondStamps,
    int[] ByMinute,
    long[] MinuteStamps,
    bool[] MinuteExcluded,
    bool IsOpen,
    bool OpenedPlainly,
    long LastReached);
