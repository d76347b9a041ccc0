using System.Runtime.InteropServices;

namespace Culprit.Engine.Detection.Series;

/// <summary>How long something took: the last minutes by step, and what was usual before them with a half-life of an hour.</summary>
/// <remarks>Sparse. Late durations find their own step; those older than the newest <see cref="KeepSteps"/> steps are dropped.</remarks>
internal sealed class DurationSeries
{
    internal const int KeepSteps = 8 * Steps.PerMinute;
    private const double SlowShare = 0.1;
    private static readonly double DecayPerMinute = Math.Pow(0.5, 1.0 / 60);

    /// <summary>Newest last.</summary>
    public List<BinCount> Recent { get; init; } = [];

    public double[] Old { get; init; } = new double[LogBins.Count];

    /// <summary>Minute up to which <see cref="Old"/> and what is known of clumps have decayed.</summary>
    public long DecayedTo { get; set; }

    /// <summary>How slow ones that have aged came together.</summary>
    public Clumping Clumping { get; set; }

    public long Last => Recent.Count > 0 ? Recent[^1].At : -1;

    public void Add(long step, int bin, int count)
    {
        if (step < Last - KeepSteps)
        {
            return;
        }

        var i = Recent.Count;
        while (i > 0 && (Recent[i - 1].At > step || (Recent[i - 1].At == step && Recent[i - 1].Bin > bin)))
        {
            i--;
        }

        if (i > 0 && Recent[i - 1].At == step && Recent[i - 1].Bin == bin)
        {
            Recent[i - 1] = new BinCount(step, (short)bin, Recent[i - 1].Count + count);
            return;
        }

        Recent.Insert(i, new BinCount(step, (short)bin, count));
    }

    /// <summary>How much of what was usual still counts after so many minutes.</summary>
    public static double Decay(long minutes) => Math.Pow(DecayPerMinute, minutes);

    /// <summary>Lets what has aged become part of what is usual, unless it belongs to an incident; returns the slow ones of it by step.</summary>
    public IReadOnlyCollection<KeyValuePair<long, SlowCell>> Age(long end, QuietTime quiet)
    {
        var now = end / Steps.PerMinute;
        if (DecayedTo < now)
        {
            var factor = DecayedTo == 0 ? 1 : Decay(now - DecayedTo);
            for (var bin = 0; bin < Old.Length && factor < 1; bin++)
            {
                Old[bin] *= factor;
            }

            Clumping = Clumping.Times(factor);
            DecayedTo = now;
        }

        var aged = Recent.FindIndex(r => r.At >= end - KeepSteps);
        aged = aged < 0 ? Recent.Count : aged;
        if (aged == 0)
        {
            return [];
        }

        var (slow, share) = SlowOfOld();
        var kept = Recent.Take(aged).Where(r => !quiet.IsExcluded(r.At)).ToList();
        var bySteps = kept.GroupBy(r => r.At).Select(g => KeyValuePair.Create(
            g.Key, SlowCell.Of(g.Sum(r => (long)r.Count), g.Sum(r => r.Bin > slow ? (long)r.Count : 0), share))).ToList();
        Clumping = Clumping.Plus(bySteps);
        foreach (var entry in kept)
        {
            Old[entry.Bin] += entry.Count;
        }

        Recent.RemoveRange(0, aged);
        return bySteps;
    }

    /// <summary>The durations of a window by bin, added to <paramref name="bins"/>; returns how many.</summary>
    public long Window(long from, long to, Span<double> bins)
    {
        long sum = 0;
        foreach (var entry in NewestFrom(from))
        {
            if (entry.At < to)
            {
                bins[entry.Bin] += entry.Count;
                sum += entry.Count;
            }
        }

        return sum;
    }

    /// <summary>How many durations of a window lie in bins above each of some; returns how many there are.</summary>
    public long Beyond(long from, long to, ReadOnlySpan<int> bins, Span<long> beyond)
    {
        long sum = 0;
        beyond.Clear();
        foreach (var entry in NewestFrom(from))
        {
            if (entry.At >= to)
            {
                break;
            }

            sum += entry.Count;
            for (var i = 0; i < bins.Length; i++)
            {
                beyond[i] += entry.Bin > bins[i] ? entry.Count : 0;
            }
        }

        return sum;
    }

    /// <summary>The first step from one on with a duration in a bin above <paramref name="bin"/>; the step itself if there is none.</summary>
    public long FirstAbove(int bin, long from)
    {
        foreach (var entry in NewestFrom(from))
        {
            if (entry.Bin > bin && entry.Count > 0)
            {
                return entry.At;
            }
        }

        return from;
    }

    /// <summary>Steps of a window with more durations in bins above <paramref name="bin"/> than a limit.</summary>
    public int StepsAbove(int bin, long from, long to, long limit = 0)
    {
        var (steps, at, count) = (0, -1L, 0L);
        foreach (var entry in NewestFrom(from))
        {
            if (entry.At >= to)
            {
                break;
            }

            if (entry.At != at)
            {
                (at, count) = (entry.At, 0);
            }

            if (entry.Bin > bin && entry.Count > 0)
            {
                steps += count <= limit && count + entry.Count > limit ? 1 : 0;
                count += entry.Count;
            }
        }

        return steps;
    }

    /// <summary>What was usual before a window, by bin; returns how many.</summary>
    public double Usual(long windowStart, QuietTime quiet, Span<double> bins)
    {
        Old.AsSpan().CopyTo(bins);
        foreach (var entry in CollectionsMarshal.AsSpan(Recent))
        {
            if (entry.At < windowStart && !quiet.IsExcluded(entry.At))
            {
                bins[entry.Bin] += entry.Count;
            }
        }

        double sum = 0;
        foreach (var count in bins)
        {
            sum += count;
        }

        return sum;
    }

    private ReadOnlySpan<BinCount> NewestFrom(long step)
    {
        var recent = CollectionsMarshal.AsSpan(Recent);
        var first = recent.Length;
        while (first > 0 && recent[first - 1].At >= step)
        {
            first--;
        }

        return recent[first..];
    }

    /// <summary>The bin beyond which about one of ten was, and how many were.</summary>
    private (int Bin, double Share) SlowOfOld()
    {
        var sum = Old.Sum();
        var (bin, beyond) = (Old.Length - 1, 0.0);
        while (bin > 0 && beyond + Old[bin] <= SlowShare * sum)
        {
            beyond += Old[bin--];
        }

        return (bin, sum > 0 ? beyond / sum : 0);
    }
}

/// <summary>So many durations of one bin in one step.</summary>
internal readonly record struct BinCount(long At, short Bin, int Count);
