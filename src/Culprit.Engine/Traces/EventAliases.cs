using Culprit.Engine.Records;

namespace Culprit.Engine.Traces;

/// <summary>Which events have turned out to be the same since: a pattern whose lines vary in more places than was known takes others in.</summary>
internal sealed class EventAliases
{
    private readonly int[] _first;
    private readonly bool _any;

    /// <param name="resolve">The pattern that a pattern of a service belongs to by now.</param>
    public EventAliases(OperationIndex index, Func<string, PatternId, PatternId> resolve)
    {
        var known = new Dictionary<(int, byte, PatternId, string), int>();
        _first = new int[index.Events.Count];
        for (var id = 0; id < _first.Length; id++)
        {
            var key = index.Events[id];
            _first[id] = id;
            if (key.Kind != TraceEventKind.Line)
            {
                continue;
            }

            var pattern = resolve(index.ServiceOf(key.Operation), index.PatternOf((int)key.Value));
            var same = (key.Operation, key.Level, pattern, index.PositionOf((int)key.Value));
            if (!known.TryAdd(same, id))
            {
                _first[id] = known[same];
                _any = true;
            }
        }
    }

    /// <summary>The first event of those that are the same.</summary>
    public int Of(int id) => id < _first.Length ? _first[id] : id;

    /// <summary>Gives each trace each event once.</summary>
    public void Apply(List<CompactTrace> traces)
    {
        for (var i = 0; _any && i < traces.Count; i++)
        {
            if (Array.Exists(traces[i].Nodes, HasMany))
            {
                traces[i] = traces[i] with { Nodes = [.. traces[i].Nodes.Select(n => HasMany(n) ? n with { Events = [.. n.Events.Select(Of).Distinct().Order()] } : n)] };
            }
        }
    }

    private bool HasMany(TraceNode node) => Array.Exists(node.Events, id => Of(id) != id);

    /// <summary>Counts of older traces, summed over the events that are the same; one trace may have had two of them.</summary>
    public TraceCounts Apply(TraceCounts counts)
    {
        if (!_any)
        {
            return counts;
        }

        var events = new double[counts.AllEvents.Count];
        for (var id = 0; id < events.Length; id++)
        {
            events[Of(id)] += counts.AllEvents[id];
        }

        return new TraceCounts(counts.Traces, [.. counts.AllVisits], [.. events]);
    }
}
