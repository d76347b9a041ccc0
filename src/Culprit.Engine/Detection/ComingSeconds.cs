namespace Culprit.Engine.Detection;

/// <summary>What was said of seconds that are not judged yet: it waits for its second, so that a step that is not over holds only what came before the moment that is judged.</summary>
/// <remarks>Bounded in time: what is further ahead than <see cref="MaxAhead"/> has a wrong clock, and does not wait.</remarks>
internal sealed class ComingSeconds
{
    /// <summary>Seconds.</summary>
    internal const int MaxAhead = 30;

    private readonly SortedDictionary<long, ComingSecond> _seconds = [];

    /// <summary>The second for what belongs to it; null when that does not wait.</summary>
    /// <param name="judged">All seconds before it are judged; -1 when none is.</param>
    public ComingSecond? Of(long second, long judged)
    {
        if (second < judged || (judged >= 0 && second >= judged + MaxAhead))
        {
            return null;
        }

        if (!_seconds.TryGetValue(second, out var coming))
        {
            coming = new ComingSecond(second, [], []);
            _seconds.Add(second, coming);
        }

        return coming;
    }

    /// <summary>Takes out the oldest second before another; null when there is none.</summary>
    public ComingSecond? TakeBefore(long second)
    {
        foreach (var (oldest, coming) in _seconds)
        {
            if (oldest < second)
            {
                _seconds.Remove(oldest);
                return coming;
            }

            break;
        }

        return null;
    }

    public IReadOnlyList<ComingSecond> ToState() => [.. _seconds.Values];

    public void Restore(IReadOnlyList<ComingSecond> state)
    {
        foreach (var coming in state)
        {
            _seconds.Add(coming.Second, coming);
        }
    }
}

/// <summary>What services said in one second of event time.</summary>
internal sealed record ComingSecond(long Second, List<ServiceDigest> Digests, List<EndedSpan> Spans);

/// <summary>A span at the time of its end.</summary>
/// <param name="Trace">Hash of its trace; 0 when there is none.</param>
/// <param name="IsRoot">Nobody waits for it but the user.</param>
internal readonly record struct EndedSpan(string Service, string Operation, long Second, double DurationNanos, bool IsError, bool IsRoot, ulong Trace);
