using System.Globalization;
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
        foreach (var (service, (n1, k1)) in services.OrderBy(s => s.Key))
        {
            var (n0, k0) = was.GetValueOrDefault(service);
            var score = n0 > 0 ? ProportionShift.Weighed(k0, n0, k1, n1) : ProportionShift.Weighed(0, 1, k1, n1);
            if (k1 > 0 && score > 0)
            {
                var name = index.Names[service];
                yield return new TraceFinding(name, TraceFindingKind.Errors, score, string.Create(
                    CultureInfo.InvariantCulture, $"{k1} of {n1} requests through {QuotedText.Name(name)} report an error there, before {k0} of {n0}"));
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
        foreach (var node in now.SelectMany(t => t.Nodes).Where(n => n.HasError && shifts.Now(n.Operation) >= MinVisits))
        {
            failing[node.Operation] = failing.GetValueOrDefault(node.Operation) + 1;
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
    private Dictionary<int, (int Visits, int Errors)> Count(List<CompactTrace> traces)
    {
        var counts = new Dictionary<int, (int, int)>();
        var seen = new Dictionary<int, bool>();
        foreach (var trace in traces)
        {
            seen.Clear();
            var hasError = Array.ConvertAll(trace.Nodes, n => Array.Exists(n.Events, shifts.IsOwnError));
            for (var i = 0; i < hasError.Length; i++)
            {
                var node = trace.Nodes[i];
                var service = index.Operations[node.Operation].Service;
                var isOwn = hasError[i] && !Array.Exists(node.Children, c => hasError[c] && index.Operations[trace.Nodes[c].Operation].Service != service);
                seen[service] = seen.GetValueOrDefault(service) || isOwn;
            }

            foreach (var (service, isOwn) in seen)
            {
                var (visits, errors) = counts.GetValueOrDefault(service);
                counts[service] = (visits + 1, errors + (isOwn ? 1 : 0));
            }
        }

        return counts;
    }
}
