using System.Text.Json.Serialization;

namespace Culprit.Engine.Detection.Series;

/// <summary>Which time may serve as a baseline: all that was observed, without incidents.</summary>
/// <remarks>
/// What a fault adds never becomes part of what is usual, unless it lasts: after <see cref="MaxExcluded"/> the new state is
/// taken as normal, or a change that is here to stay would be reported for ever. Bounded: the newest 32 incidents.
/// </remarks>
internal sealed class QuietTime
{
    internal const long MaxExcluded = 30 * Steps.PerMinute;
    private const int FineSteps = 10 * Steps.PerMinute;
    private const int Minutes = 120;
    private const int MaxRanges = 32;

    /// <summary>First step of the history; -1 before it began.</summary>
    public long Since { get; set; } = -1;

    /// <summary>Ranges of steps that belong to incidents, in order of their begin.</summary>
    public List<StepRange> Excluded { get; init; } = [];

    /// <summary>Another number means that other steps are excluded.</summary>
    [JsonIgnore]
    public int Version { get; private set; }

    /// <summary>Takes time out; an overlapping range grows.</summary>
    public void Exclude(long from, long to)
    {
        to = Math.Min(to, from + MaxExcluded);
        var same = Excluded.FindIndex(r => r.From == from);
        if (same >= 0 && to <= Excluded[same].To)
        {
            return;
        }

        Version++;
        if (same >= 0)
        {
            Excluded[same] = new StepRange(from, to);
            return;
        }

        Excluded.Add(new StepRange(from, to));
        Excluded.Sort((a, b) => a.From.CompareTo(b.From));
        if (Excluded.Count > MaxRanges)
        {
            Excluded.RemoveAt(0);
        }
    }

    public bool IsExcluded(long step)
    {
        foreach (var range in Excluded)
        {
            if (step >= range.From && step < range.To)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The quiet time before a window that begins at a step.</summary>
    public QuietSpan Before(long windowStart)
    {
        var since = Math.Max(0, Since);
        var fineStart = (windowStart - FineSteps) / Steps.PerMinute * Steps.PerMinute;
        fineStart = fineStart <= since ? since : fineStart;
        var fine = Without(new StepRange(fineStart, windowStart), 1);
        var minutes = fineStart > since
            ? Without(new StepRange(Math.Max((since + Steps.PerMinute - 1) / Steps.PerMinute, (fineStart / Steps.PerMinute) - Minutes), fineStart / Steps.PerMinute), Steps.PerMinute)
            : [];
        return new QuietSpan(fine, minutes);
    }

    private List<StepRange> Without(StepRange whole, int unit)
    {
        var result = new List<StepRange>();
        var from = whole.From;
        foreach (var range in Excluded)
        {
            var (excludedFrom, excludedTo) = (range.From / unit, (range.To + unit - 1) / unit);
            if (excludedTo <= from || excludedFrom >= whole.To)
            {
                continue;
            }

            if (excludedFrom > from)
            {
                result.Add(new StepRange(from, excludedFrom));
            }

            from = Math.Max(from, excludedTo);
        }

        if (from < whole.To)
        {
            result.Add(new StepRange(from, whole.To));
        }

        return result;
    }
}

/// <summary>From a step or minute up to but without another.</summary>
internal readonly record struct StepRange(long From, long To);

/// <summary>Quiet time: the newer part in steps, the older in minutes.</summary>
internal sealed record QuietSpan(IReadOnlyList<StepRange> Fine, IReadOnlyList<StepRange> Minutes)
{
    public (long Steps, long Minutes) LengthSince(long step)
    {
        var minute = (step + Series.Steps.PerMinute - 1) / Series.Steps.PerMinute;
        return (
            Fine.Sum(r => Math.Max(0, r.To - Math.Max(r.From, step))),
            Minutes.Sum(r => Math.Max(0, r.To - Math.Max(r.From, minute))));
    }
}
