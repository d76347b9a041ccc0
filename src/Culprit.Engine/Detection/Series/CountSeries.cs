using System.Runtime.InteropServices;

namespace Culprit.Engine.Detection.Series;

/// <summary>How often something happened: by step for the last quarter of an hour, by minute for the last three hours.</summary>
/// <remarks>Sparse, so that what is rare costs little. Late counts find their own step. Counts of older steps are dropped.</remarks>
internal sealed class CountSeries
{
    private const int FineSteps = 15 * Steps.PerMinute;
    private const int FineMinutes = 180;

    public List<Counted> ByStep { get; init; } = [];

    public List<Counted> ByMinute { get; init; } = [];

    /// <summary>Newest step with a count; -1 before the first.</summary>
    public long Last => ByStep.Count > 0 ? ByStep[^1].At : -1;

    public void Add(long step, long count)
    {
        Add(ByStep, step, count, FineSteps);
        Add(ByMinute, step / Steps.PerMinute, count, FineMinutes);
    }

    /// <summary>Sum of the steps from <paramref name="from"/> up to but without <paramref name="to"/>.</summary>
    public long Between(long from, long to) => Sum(ByStep, from, to, out _);

    /// <summary>Steps of a window in which it happened more often than a limit.</summary>
    public int StepsAbove(double limit, long from, long to)
    {
        var steps = 0;
        for (var i = ByStep.Count - 1; i >= 0 && ByStep[i].At >= from; i--)
        {
            steps += ByStep[i].At < to && ByStep[i].Count > limit ? 1 : 0;
        }

        return steps;
    }

    /// <summary>The largest count of a minute that ended before a step.</summary>
    public long LargestMinuteBefore(long step)
    {
        long largest = 0;
        foreach (var counted in ByMinute)
        {
            if (counted.At < step / Steps.PerMinute)
            {
                largest = Math.Max(largest, counted.Count);
            }
        }

        return largest;
    }

    /// <summary>The first step of a window in which more happened than usual.</summary>
    public long Onset(long from, long to, double usualPerStep)
    {
        var first = -1L;
        foreach (var counted in ByStep)
        {
            if (counted.At >= from && counted.At < to)
            {
                if (counted.Count > 2 * usualPerStep)
                {
                    return counted.At;
                }

                first = first < 0 ? counted.At : first;
            }
        }

        return first < 0 ? from : first;
    }

    /// <summary>What is usual: the count in the quiet time, and how much more it varies than independent events would.</summary>
    /// <param name="priorDispersion">Believed until there is enough to see: things of this kind come in clumps of this size.</param>
    public Usual UsualIn(QuietSpan span, long since, double priorDispersion)
    {
        var (count, steps, clumping) = Measure(span, since);
        return new Usual(count, steps, clumping.Of(priorDispersion));
    }

    /// <summary>How it came together in the quiet time.</summary>
    public Clumping ClumpingIn(QuietSpan span, long since) => Measure(span, since).Clumping;

    private (double Count, long Steps, Clumping Clumping) Measure(QuietSpan span, long since)
    {
        double sum = 0, fineSquares = 0, minuteSum = 0, allMinutes = 0, minuteSquares = 0;
        long cells = 0;
        foreach (var (from, to) in span.Fine)
        {
            var first = Math.Max(from, since);
            sum += Sum(ByStep, first, to, out var squares);
            fineSquares += squares;
            var (firstMinute, lastMinute) = ((first + Steps.PerMinute - 1) / Steps.PerMinute, to / Steps.PerMinute);
            allMinutes += Sum(ByMinute, firstMinute, lastMinute, out squares);
            minuteSquares += squares;
            cells += Math.Max(0, lastMinute - firstMinute);
        }

        foreach (var (from, to) in span.Minutes)
        {
            minuteSum += Sum(ByMinute, Math.Max(from, (since + Steps.PerMinute - 1) / Steps.PerMinute), to, out var squares);
            minuteSquares += squares;
        }

        var (fine, minutes) = span.LengthSince(since);
        return (
            sum + minuteSum,
            fine + (minutes * Steps.PerMinute),
            new Clumping(ClumpsOf(sum, fineSquares, fine), ClumpsOf(allMinutes + minuteSum, minuteSquares, cells + minutes)));
    }

    // Ratio of variance to mean (McCullagh and Nelder, Generalized Linear Models, 1989, section 6.2).
    private static Clumps ClumpsOf(double sum, double squares, long cells)
    {
        if (cells < 2 || sum <= 0)
        {
            return default;
        }

        var mean = sum / cells;
        var observed = Math.Max(0, squares - (cells * mean * mean)) / (cells - 1) / mean;
        var weight = Math.Min(cells - 1, sum);
        return new Clumps(weight, weight * observed);
    }

    private static void Add(List<Counted> list, long at, long count, int keep)
    {
        var i = list.Count;
        while (i > 0 && list[i - 1].At > at)
        {
            i--;
        }

        if (i > 0 && list[i - 1].At == at)
        {
            list[i - 1] = new Counted(at, list[i - 1].Count + count);
            return;
        }

        list.Insert(i, new Counted(at, count));
        if (list[0].At < list[^1].At - keep)
        {
            var stale = list.FindIndex(c => c.At >= list[^1].At - (keep * 7 / 8));
            list.RemoveRange(0, stale);
        }
    }

    private static long Sum(List<Counted> list, long from, long to, out double squares)
    {
        long sum = 0;
        squares = 0;
        var span = CollectionsMarshal.AsSpan(list);
        for (var i = span.Length - 1; i >= 0 && span[i].At >= from; i--)
        {
            if (span[i].At < to)
            {
                sum += span[i].Count;
                squares += (double)span[i].Count * span[i].Count;
            }
        }

        return sum;
    }
}

/// <summary>What a series did in its quiet time.</summary>
/// <param name="Count">How often it happened.</param>
/// <param name="Steps">In so many steps.</param>
/// <param name="Dispersion">Variance of a cell's count over its mean; 1 for independent events.</param>
internal readonly record struct Usual(double Count, long Steps, double Dispersion)
{
    public double PerStep => Steps > 0 ? Count / Steps : 0;
}
