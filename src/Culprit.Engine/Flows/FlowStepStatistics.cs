namespace Culprit.Engine.Flows;

/// <summary>How the sessions of one kind do one step.</summary>
internal sealed class FlowStepStatistics
{
    /// <summary>More occurrences than this count as this many.</summary>
    internal const int MaxTimes = 20;

    private const int PauseSteps = 128;

    private readonly long[] _times = new long[MaxTimes + 1];
    private readonly long[] _pauses = new long[PauseSteps];
    private readonly Dictionary<int, long> _endedWith = [];
    private long _pauseCount;

    /// <summary>Sessions that have the step.</summary>
    public long Sessions { get; private set; }

    /// <summary>Ended sessions that have it.</summary>
    public long Ended { get; private set; }

    /// <summary>Sessions that have it the commonest number of times.</summary>
    public long CommonestTimes => _times.Max();

    public long WithTimes(int times) => _times[Math.Min(times, MaxTimes)];

    /// <summary>Ended sessions that have both.</summary>
    public long EndedWith(int other) => _endedWith.GetValueOrDefault(other);

    public void Occurred(int times)
    {
        if (times == 1)
        {
            Sessions++;
        }
        else
        {
            _times[Math.Min(times - 1, MaxTimes)]--;
        }

        _times[Math.Min(times, MaxTimes)]++;
    }

    public void Ends(FlowSession session, int sign)
    {
        Ended += sign;
        foreach (var visit in session.Visits)
        {
            _endedWith[visit.Step] = _endedWith.GetValueOrDefault(visit.Step) + sign;
        }
    }

    /// <summary>A session went on so long after the step.</summary>
    public void Paused(long nanos)
    {
        _pauses[PauseIndex(nanos)]++;
        _pauseCount++;
    }

    /// <summary>The pause below which the share <paramref name="share"/> lies; null with too few.</summary>
    public long? PauseQuantile(double share, int least)
    {
        if (_pauseCount < least)
        {
            return null;
        }

        long below = 0;
        for (var i = 0; i < PauseSteps; i++)
        {
            below += _pauses[i];
            if (below >= share * _pauseCount)
            {
                return (long)Math.Pow(2, (i + 1) / 2.0) * 1_000_000;
            }
        }

        return long.MaxValue;
    }

    // Half powers of two of a millisecond.
    private static int PauseIndex(long nanos) =>
        Math.Clamp((int)(2 * Math.Log2(Math.Max(1, nanos / 1e6))), 0, PauseSteps - 1);
}
