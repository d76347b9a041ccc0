namespace Culprit.Engine.Storage;

/// <summary>What a count is split by, besides time.</summary>
[Flags]
internal enum CountBy
{
    None = 0,
    Service = 1,
    Level = 2,
    Environment = 4,
    Type = 8,
    Pattern = 16,
}

/// <summary>How many records there are in each span of time and each group.</summary>
/// <param name="Where">Which records; order, page size and cursor mean nothing here.</param>
/// <param name="IntervalNanos">Whole seconds. Spans begin at its multiples since 1970. 0 for one span that is all of the time asked for.</param>
internal sealed record CountQuery(RecordQuery Where, long IntervalNanos, CountBy By)
{
    /// <summary>Groups of one answer; a question with more is refused.</summary>
    public const int MaxGroups = 100_000;

    /// <summary>The start of the span that a time is in.</summary>
    public long SpanOf(long nanos)
    {
        if (IntervalNanos == 0)
        {
            return Where.FromNanos;
        }

        return Floor(nanos - (Int128)(((nanos % IntervalNanos) + IntervalNanos) % IntervalNanos));
    }

    /// <summary>The same question about the whole spans that a time touches.</summary>
    /// <param name="toNanos">Exclusive, later than <paramref name="fromNanos"/>.</param>
    public CountQuery Around(long fromNanos, long toNanos)
    {
        var last = SpanOf(toNanos - 1);
        return this with
        {
            Where = Where with
            {
                FromNanos = SpanOf(fromNanos),
                ToNanos = last > long.MaxValue - IntervalNanos ? long.MaxValue : last + IntervalNanos,
            },
        };
    }

    /// <summary>The start of a span that was found in microseconds.</summary>
    public static long StartOf(long micros) => Floor((Int128)micros * 1000);

    // A span may begin before the earliest time that can be written down.
    private static long Floor(Int128 nanos) => (long)Int128.Max(nanos, long.MinValue);
}

/// <summary>One group of a count; fields that were not asked for are null.</summary>
/// <param name="Records">Records in the store.</param>
/// <param name="Count">Records that these stand for after sampling.</param>
internal sealed record CountRow(
    long StartNanos,
    string? Service,
    Records.Severity? Level,
    string? Environment,
    string? Type,
    Records.PatternId? Pattern,
    long Records,
    long Count);

/// <summary>A count has more groups than an answer may have.</summary>
internal sealed class TooManyGroupsException()
    : Exception($"The count has more than {CountQuery.MaxGroups} groups; ask for a longer interval, a shorter time or fewer groups.");
