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

    /// <summary>How slow ones came in steps that have aged.</summary>
    public Clumps InSteps { get; set; }

    /// <summary>The same in minutes.</summary>
    public Clumps InMinutes { get; set; }

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

    /// <summary>Lets what has aged become part of what is usual, unless it belongs to an incident.</summary>
    public void Age(long end, QuietTime quiet)
    {
        var now = end / Steps.PerMinute;
        if (DecayedTo < now)
        {
            var factor = DecayedTo == 0 ? 1 : Math.Pow(DecayPerMinute, now - DecayedTo);
            for (var bin = 0; bin < Old.Length && factor < 1; bin++)
            {
                Old[bin] *= factor;
            }

            (InSteps, InMinutes) = (InSteps.Times(factor), InMinutes.Times(factor));
            DecayedTo = now;
        }

        var aged = Recent.FindIndex(r => r.At >= end - KeepSteps);
        aged = aged < 0 ? Recent.Count : aged;
        if (aged == 0)
        {
            return;
        }

        var (slow, share) = SlowOfOld();
        foreach (var minute in Recent.Take(aged).Where(r => !quiet.IsExcluded(r.At)).GroupBy(r => r.At / Steps.PerMinute))
        {
            InMinutes = Plus(InMinutes, minute, slow, share);
            InSteps = minute.GroupBy(r => r.At).Aggregate(InSteps, (clumps, step) => Plus(clumps, step, slow, share));
            foreach (var entry in minute)
            {
                Old[entry.Bin] += entry.Count;
            }
        }

        Recent.RemoveRange(0, aged);
    }

    /// <summary>How many slow durations come together, in steps or in minutes: the variance of their number, in units of what independent ones would have.</summary>
    /// <param name="prior">Believed until there is enough to see.</param>
    public double Clumping(double prior) => Math.Max(InSteps.Of(prior), InMinutes.Of(prior));

    /// <summary>The durations of a window by bin, added to <paramref name="bins"/>; returns how many.</summary>
    public long Window(long from, long to, Span<double> bins)
    {
        long sum = 0;
        foreach (var entry in CollectionsMarshal.AsSpan(Recent))
        {
            if (entry.At >= from && entry.At < to)
            {
                bins[entry.Bin] += entry.Count;
                sum += entry.Count;
            }
        }

        return sum;
    }

    /// <summary>The first step from one on with a duration in a bin above <paramref name="bin"/>; the step itself if there is none.</summary>
    public long FirstAbove(int bin, long from)
    {
        var at = Recent.FindIndex(r => r.At >= from && r.Bin > bin);
        return at < 0 ? from : Recent[at].At;
    }

    /// <summary>Steps of a window with a duration in a bin above <paramref name="bin"/>.</summary>
    public int StepsAbove(int bin, long from, long to)
    {
        var (steps, last) = (0, -1L);
        foreach (var entry in CollectionsMarshal.AsSpan(Recent))
        {
            if (entry.At >= from && entry.At < to && entry.Bin > bin && entry.At != last && entry.Count > 0)
            {
                steps++;
                last = entry.At;
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

    private static Clumps Plus(Clumps clumps, IEnumerable<BinCount> cell, int slow, double share)
    {
        var (all, beyond) = (0L, 0L);
        foreach (var entry in cell)
        {
            all += entry.Count;
            beyond += entry.Bin > slow ? entry.Count : 0;
        }

        return clumps.Plus(all, beyond, share);
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
