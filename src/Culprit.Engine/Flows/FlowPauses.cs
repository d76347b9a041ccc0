using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>How long something took, in buckets of half powers of two of a millisecond.</summary>
internal sealed class FlowPauses
{
    private const int Buckets = 64; // Up to 49 days.

    private readonly long[] _counts = new long[Buckets];

    public long Count { get; private set; }

    public void Add(long nanos)
    {
        _counts[IndexOf(nanos)]++;
        Count++;
    }

    /// <summary>How many took as long or longer, as exactly as buckets tell.</summary>
    public long AtLeast(long nanos)
    {
        long found = 0;
        for (var i = IndexOf(nanos); i < Buckets; i++)
        {
            found += _counts[i];
        }

        return found;
    }

    /// <summary>The time below which the share <paramref name="share"/> lies, and how many lie below it; null when nothing is known.</summary>
    public (long Nanos, long Below)? Quantile(double share)
    {
        long below = 0;
        for (var i = 0; i < Buckets && Count > 0; i++)
        {
            below += _counts[i];
            if (below >= share * Count)
            {
                return ((long)Math.Pow(2, (i + 1) / 2.0) * 1_000_000, below);
            }
        }

        return null;
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(_counts.Count(c => c > 0));
        for (var i = 0; i < Buckets; i++)
        {
            if (_counts[i] > 0)
            {
                writer.Number(i);
                writer.Number((ulong)_counts[i]);
            }
        }
    }

    public void Restore(ref SnapshotReader reader)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            var bucket = reader.Number(Buckets - 1);
            Count += _counts[bucket] = (long)reader.Number();
        }
    }

    private static int IndexOf(long nanos) =>
        Math.Clamp((int)(2 * Math.Log2(Math.Max(1, nanos / 1e6))), 0, Buckets - 1);
}
