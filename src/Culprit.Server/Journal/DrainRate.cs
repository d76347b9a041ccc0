namespace Culprit.Server.Journal;

/// <summary>How fast something empties, from its levels seen now and then; and what to tell those who wait for room.</summary>
internal sealed class DrainRate(TimeProvider clock)
{
    // Without anything seen to drain: neither hopeless nor at once.
    private const double UnknownSeconds = 10;
    private const double MemorySeconds = 30;

    private readonly Lock _lock = new();
    private long _at = clock.GetTimestamp();
    private long _level;
    private double _drained;
    private double _seconds;

    /// <summary>When the level will have come down to the target, for <c>Retry-After</c>.</summary>
    public TimeSpan TimeUntil(long level, long target)
    {
        Observe(level);
        lock (_lock)
        {
            var rate = _seconds > 0 ? _drained / _seconds : 0;
            return Jittered(rate > 0 ? Math.Max(0, level - target) / rate : UnknownSeconds);
        }
    }

    /// <summary>Takes note of the level; the more often, the better the estimate.</summary>
    public void Observe(long level)
    {
        lock (_lock)
        {
            var elapsed = clock.GetElapsedTime(_at).TotalSeconds;
            _at = clock.GetTimestamp();
            var weight = Math.Exp(-elapsed / MemorySeconds);
            _drained = (_drained * weight) + Math.Max(0, _level - level);
            _seconds = (_seconds * weight) + elapsed;
            _level = level;
        }
    }

    /// <summary>1 to 60 s, and not the same for everyone, so that senders do not return all at once.</summary>
    public static TimeSpan Jittered(double seconds)
    {
        var jitter = 0.8 + (0.4 * Random.Shared.NextDouble());
        return TimeSpan.FromSeconds(Math.Clamp(seconds * jitter, 1, 60));
    }
}
