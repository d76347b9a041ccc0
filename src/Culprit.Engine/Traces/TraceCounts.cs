using System.Runtime.InteropServices;

namespace Culprit.Engine.Traces;

/// <summary>How many traces ran each operation, and in how many each event happened.</summary>
/// <remarks>The unit is the trace, never the line or the span: what a loop repeats is one observation.</remarks>
internal sealed class TraceCounts
{
    /// <summary>Beyond this the counts are halved, so that what is usual may change over the days.</summary>
    private const double MaxTraces = 200_000;

    private readonly List<double> _visits;
    private readonly List<double> _events;

    public TraceCounts()
        : this(0, [], [])
    {
    }

    internal TraceCounts(double traces, List<double> visits, List<double> events) => (Traces, _visits, _events) = (traces, visits, events);

    public double Traces { get; private set; }

    internal IReadOnlyList<double> AllVisits => _visits;

    internal IReadOnlyList<double> AllEvents => _events;

    public double Visits(int operation) => operation < _visits.Count ? _visits[operation] : 0;

    public double Events(int id) => id < _events.Count ? _events[id] : 0;

    public void Add(CompactTrace trace)
    {
        Traces += 1;
        foreach (var node in trace.Nodes)
        {
            Raise(_visits, node.Operation);
            foreach (var id in node.Events)
            {
                Raise(_events, id);
            }
        }

        if (Traces > MaxTraces)
        {
            Traces /= 2;
            Halve(_visits);
            Halve(_events);
        }
    }

    private static void Raise(List<double> counts, int id)
    {
        while (counts.Count <= id)
        {
            counts.Add(0);
        }

        counts[id]++;
    }

    private static void Halve(List<double> counts)
    {
        foreach (ref var count in CollectionsMarshal.AsSpan(counts))
        {
            count /= 2;
        }
    }
}
