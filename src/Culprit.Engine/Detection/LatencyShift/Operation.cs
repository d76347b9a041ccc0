using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection.LatencyShift;

/// <summary>Durations of one operation (from spans) or one pattern (from messages) of a service.</summary>
/// <remarks>
/// A request that does the same thing many times counts once, with its shortest time: repetitions inside a request are not
/// independent, and what slows all of them slows the shortest too. Remembers the newest <see cref="MaxTraces"/> requests.
/// </remarks>
internal sealed class Operation
{
    private const int MaxTraces = 32;

    private readonly Reference?[] _references = new Reference?[Frame.Lengths.Count];

    public required string Service { get; init; }

    /// <summary>The span's operation, or <c>pattern ID</c>.</summary>
    public required string Name { get; init; }

    public DurationSeries Durations { get; init; } = new();

    /// <summary>Where the newest requests were counted, oldest first.</summary>
    public List<CountedTrace> Traces { get; init; } = [];

    public void Add(long step, int bin, ulong trace)
    {
        var known = trace == 0 ? -1 : Traces.FindLastIndex(t => t.Trace == trace);
        if (known < 0)
        {
            Count(step, bin, 1);
            if (trace != 0)
            {
                Traces.Add(new CountedTrace(trace, step, bin));
                if (Traces.Count > MaxTraces)
                {
                    Traces.RemoveAt(0);
                }
            }
        }
        else if (bin < Traces[known].Bin)
        {
            Count(Traces[known].Step, Traces[known].Bin, -1);
            Count(Traces[known].Step, bin, 1);
            Traces[known] = Traces[known] with { Bin = bin };
        }
    }

    /// <summary>What was usual before the window of a length; remembered, because several windows begin with the same step.</summary>
    public Reference Before(int lengthIndex, long from, QuietTime quiet, ReferenceLimits limits, LatencyShiftOptions options)
    {
        if (_references[lengthIndex] is { } known && known.From == from && known.Limits == limits)
        {
            return known;
        }

        var reference = Reference.Of(Durations, from, quiet, limits, options);
        _references[lengthIndex] = reference;
        return reference;
    }

    /// <summary>Lets what has aged become part of what is usual; returns the slow ones of it by step.</summary>
    public IReadOnlyCollection<KeyValuePair<long, SlowCell>> Age(long end, QuietTime quiet)
    {
        Array.Clear(_references);
        return Durations.Age(end, quiet);
    }

    private void Count(long step, int bin, int count)
    {
        Durations.Add(step, bin, count);
        for (var i = 0; i < _references.Length; i++)
        {
            if (_references[i]?.From > step)
            {
                _references[i] = null;
            }
        }
    }
}

/// <summary>The bin and step in which a request was counted.</summary>
internal readonly record struct CountedTrace(ulong Trace, long Step, int Bin);
