using System.Globalization;
using System.Runtime.InteropServices;
using Culprit.Engine.RootCause;

namespace Culprit.Engine.Traces;

/// <summary>In how many of its traces each service reports errors, before and now.</summary>
internal sealed class ErrorShares(OperationIndex index, EventShifts shifts, List<CompactTrace> before, List<CompactTrace> now)
{
    /// <summary>From this share on an operation counts as always failing.</summary>
    private const double Always = 0.8;

    /// <summary>Fewer requests than this prove no habit.</summary>
    private const int MinVisits = 5;

    public IEnumerable<TraceFinding> Findings()
    {
        var was = Count(before);
        var services = Count(now);
        foreach (var (service, (n1, k1, _, _)) in services.OrderBy(s => s.Key))
        {
            var (n0, k0, _, _) = was.GetValueOrDefault(service);
            var score = n0 > 0 ? ProportionShift.Weighed(k0, n0, k1, n1) : ProportionShift.Weighed(0, 1, k1, n1);
            if (k1 > 0 && score > 0)
            {
                var name = index.Names[service];
                yield return new TraceFinding(name, TraceFindingKind.Errors, score, string.Create(
                    CultureInfo.InvariantCulture, $"{k1} of {n1} requests through {QuotedText.Name(name)} report an error there, before {k0} of {n0}"))
                {
                    Requests = k1,
                };
            }
        }

        foreach (var finding in AlwaysFailing())
        {
            yield return finding;
        }
    }

    private IEnumerable<TraceFinding> AlwaysFailing()
    {
        var failing = new Dictionary<int, int>();
        foreach (var trace in now)
        {
            foreach (var node in trace.Nodes)
            {
                if (node.HasError && shifts.Now(node.Operation) >= MinVisits)
                {
                    failing[node.Operation] = failing.GetValueOrDefault(node.Operation) + 1;
                }
            }
        }

        return failing
            .Where(f => f.Value >= Always * shifts.Now(f.Key))
            .Select(f => (Service: index.ServiceOf(f.Key), Bad: f.Value, All: shifts.Now(f.Key)))
            .GroupBy(f => f.Service, StringComparer.Ordinal)
            .Select(g => g.MaxBy(f => f.Bad))
            .Select(f => new TraceFinding(f.Service, TraceFindingKind.Static, ProportionShift.Root(0, f.All, f.Bad, f.All), string.Create(
                CultureInfo.InvariantCulture, $"{f.Bad} of {f.All:0} requests of one operation of {QuotedText.Name(f.Service)} report an error")));
    }

    /// <summary>Requests through each service, and those with an error that it does not merely pass on.</summary>
    private Dictionary<int, Tally> Count(List<CompactTrace> traces)
    {
        var counts = new Dictionary<int, Tally>();
        for (var at = 0; at < traces.Count; at++)
        {
            foreach (var node in traces[at].Nodes)
            {
                ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, index.Operations[node.Operation].Service, out var isKnown);
                if (!isKnown || tally.Trace != at)
                {
                    tally = tally with { Trace = at, Visits = tally.Visits + 1, HasErrorInTrace = false };
                }

                if (!tally.HasErrorInTrace && HasOwnError(node) && !PassesOn(node, traces[at].Nodes))
                {
                    tally = tally with { Errors = tally.Errors + 1, HasErrorInTrace = true };
                }
            }
        }

        return counts;
    }

    private bool HasOwnError(TraceNode node) => node.HasError && Array.Exists(node.Events, shifts.IsOwnError) && !Array.Exists(node.Events, shifts.IsEcho);

    private bool PassesOn(TraceNode node, TraceNode[] nodes)
    {
        var service = index.Operations[node.Operation].Service;
        foreach (var child in node.Children)
        {
            if (index.Operations[nodes[child].Operation].Service != service && HasOwnError(nodes[child]))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Tally(int Visits, int Errors, int Trace, bool HasErrorInTrace);
}
