namespace Culprit.Server.Alerting.Delivery;

/// <summary>When a failed delivery is tried again, and when no more.</summary>
internal static class RetrySchedule
{
    /// <summary>Of the first failed try; after it an alert is a dead letter.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    /// <summary>Between two tries, unless the receiver asks for more.</summary>
    public static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <summary>1 to 2 s after the first failure, then twice as long each time, up to <see cref="LongestBackoff"/>.</summary>
    /// <param name="failures">Before this one.</param>
    public static TimeSpan Backoff(int failures)
    {
        var longest = Math.Min(LongestBackoff.TotalSeconds, Math.Pow(2, Math.Min(failures, 16) + 1));

        // Between half and whole: alerts that failed together do not come back together.
        return TimeSpan.FromSeconds(longest * (0.5 + (0.5 * Random.Shared.NextDouble())));
    }

    /// <summary>The time of the next try; never after the last one that is due.</summary>
    public static DateTimeOffset NextTry(DateTimeOffset failingSince, DateTimeOffset now, int failures, TimeSpan? retryAfter)
    {
        var next = now + (retryAfter ?? Backoff(failures));
        var last = failingSince + GiveUpAfter;
        return next < last ? next : last;
    }
}
