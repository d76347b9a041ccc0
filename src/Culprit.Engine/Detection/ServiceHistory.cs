using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>What the environment remembers of one service: totals, and its WARN-and-worse patterns.</summary>
/// <remarks>Bounded: <see cref="MaxPatterns"/> patterns; further ones count in the totals only.</remarks>
internal sealed class ServiceHistory
{
    internal const int MaxPatterns = 1000;

    public required string Service { get; init; }

    /// <summary>First tick that knew the service; 0 while there was none.</summary>
    public long SinceNanos { get; set; }

    public long Records { get; set; }

    public long Errors { get; set; }

    /// <summary>Newest event time.</summary>
    public long LastNanos { get; set; }

    public List<SecondCount> RecentErrors { get; init; } = [];

    public List<SecondCount> RecentRecords { get; init; } = [];

    public Dictionary<string, PatternHistory> Patterns { get; init; } = [];

    public void Add(ServiceDigest digest, long tickNanos)
    {
        SinceNanos = SinceNanos == 0 ? tickNanos : SinceNanos;
        Records += digest.Records;
        Errors += digest.Errors;
        LastNanos = Math.Max(LastNanos, digest.LastNanos);
        SecondCount.Add(RecentRecords, digest.Records, digest.LastNanos);
        if (digest.Errors > 0)
        {
            SecondCount.Add(RecentErrors, digest.Errors, digest.LastNanos);
        }

        foreach (var count in digest.Patterns)
        {
            var key = count.Pattern.ToString();
            if (!Patterns.TryGetValue(key, out var history))
            {
                if (Patterns.Count >= MaxPatterns)
                {
                    continue;
                }

                history = new PatternHistory { Pattern = count.Pattern.Value };
                Patterns.Add(key, history);
            }

            history.Add(count);
        }
    }
}

/// <summary>What the environment remembers of one WARN-or-worse pattern of one service.</summary>
internal sealed class PatternHistory
{
    private const int MaxSamples = 8;

    public required ulong Pattern { get; init; }

    /// <summary>The worst level seen.</summary>
    public Severity Severity { get; set; }

    public long Total { get; set; }

    /// <summary>Digests that named the pattern.</summary>
    public long Digests { get; set; }

    public List<SecondCount> Recent { get; init; } = [];

    /// <summary>One record per digest, the newest few, oldest first.</summary>
    public List<RecordRef> Samples { get; init; } = [];

    public void Add(PatternCount count)
    {
        Total += count.Count;
        Digests++;
        Severity = count.Severity > Severity ? count.Severity : Severity;
        SecondCount.Add(Recent, count.Count, count.FirstNanos);
        Samples.Add(count.Sample);
        if (Samples.Count > MaxSamples)
        {
            Samples.RemoveAt(0);
        }
    }

    /// <summary>It came up at this moment or later.</summary>
    public bool IsNewSince(long nanos) => SecondCount.Since(Recent, nanos) == Total;
}

/// <summary>What was counted in about one second of event time.</summary>
/// <param name="AtNanos">An event time of it: the earliest for patterns, the newest for totals.</param>
internal sealed record SecondCount(long Count, long AtNanos)
{
    /// <summary>Seconds remembered: more than the longest window plus the lateness.</summary>
    private const int MaxSeconds = 200;

    public static void Add(List<SecondCount> counts, long count, long atNanos)
    {
        if (counts.Count > 0 && counts[^1].AtNanos / UnixNanos.PerSecond == atNanos / UnixNanos.PerSecond)
        {
            var last = counts[^1];
            counts[^1] = last with { Count = last.Count + count };
            return;
        }

        counts.Add(new SecondCount(count, atNanos));
        if (counts.Count > MaxSeconds)
        {
            counts.RemoveAt(0);
        }
    }

    /// <summary>The sum of what has an event time from <paramref name="sinceNanos"/> on.</summary>
    public static long Since(List<SecondCount> counts, long sinceNanos) =>
        counts.Where(c => c.AtNanos >= sinceNanos).Sum(c => c.Count);
}
