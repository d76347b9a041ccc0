namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Counts of values by size, as a histogram has them: of one interval, or since the start of the sender.</summary>
/// <param name="Buckets">One more than <paramref name="Bounds"/>; empty when only count and sum are known.</param>
/// <param name="Bounds">Upper bounds, growing.</param>
internal sealed record Distribution(ulong StartNanos, ulong TimeNanos, ulong Count, double? Sum, ulong[] Buckets, double[] Bounds)
{
    /// <summary>More buckets are not looked at; SDKs use 16, exponential histograms 160.</summary>
    public const int MaxBuckets = 320;

    /// <summary>The mean; null when it is not known.</summary>
    public double? Mean => Sum is { } sum && Count > 0 && double.IsFinite(sum / Count) ? sum / Count : null;

    /// <summary>The value that this share of values does not exceed, by linear interpolation in its bucket; null without buckets.</summary>
    public double? Quantile(double share)
    {
        var total = 0.0;
        foreach (var bucket in Buckets)
        {
            total += bucket;
        }

        if (total <= 0 || Bounds.Length == 0)
        {
            return null;
        }

        var (rank, below) = (share * total, 0.0);
        for (var i = 0; i < Buckets.Length; i++)
        {
            if (below + Buckets[i] >= rank && Buckets[i] > 0)
            {
                // Nothing is known above the last bound or, where it is not positive, below the first.
                var upper = i < Bounds.Length ? Bounds[i] : Bounds[^1];
                var lower = i > 0 ? Bounds[i - 1] : Math.Min(0, upper);
                return lower + ((upper - lower) * Math.Clamp((rank - below) / Buckets[i], 0, 1));
            }

            below += Buckets[i];
        }

        return Bounds[^1];
    }

    /// <summary>What was added since an earlier point of the same series; null when the two do not fit together.</summary>
    public Distribution? Since(Distribution earlier)
    {
        if (StartNanos != earlier.StartNanos)
        {
            // The sender began anew after the earlier point: everything is of this interval.
            return StartNanos >= earlier.TimeNanos ? this : null;
        }

        if (Count < earlier.Count)
        {
            return null;
        }

        ulong[] added = [];
        if (Buckets.Length == earlier.Buckets.Length && Bounds.AsSpan().SequenceEqual(earlier.Bounds))
        {
            added = new ulong[Buckets.Length];
            for (var i = 0; i < added.Length; i++)
            {
                if (Buckets[i] < earlier.Buckets[i])
                {
                    return null;
                }

                added[i] = Buckets[i] - earlier.Buckets[i];
            }
        }

        return new Distribution(earlier.TimeNanos, TimeNanos, Count - earlier.Count, Sum - earlier.Sum, added, Bounds);
    }
}
