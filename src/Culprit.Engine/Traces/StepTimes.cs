using System.Globalization;
using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Traces;

/// <summary>Which services' calls take longer on the way, and whose own work takes longer.</summary>
/// <remarks>
/// The way of a call is the caller's span less the callee's: only durations of one clock each are compared, so clocks may
/// differ. A slow network shows on every edge into (and out of) one service; one slow edge blames its callee.
/// </remarks>
internal sealed class StepTimes(OperationIndex index, List<CompactTrace> before, List<CompactTrace> now)
{
    private const int MinHistory = 20;
    private const double MinNanos = 1e6;

    public IEnumerable<TraceFinding> Findings() => [.. OnTheWay(), .. OwnWork()];

    private IEnumerable<TraceFinding> OnTheWay()
    {
        var was = Steps(before, t => t.Gaps);
        var steps = Steps(now, t => t.Gaps);
        var all = was.Values.Concat(steps.Values).SelectMany(v => v).ToList();
        if (all.Count == 0)
        {
            yield break;
        }

        var root = Median([.. (before.Count > 0 ? before : now).Select(t => t.RootNanos).Where(n => n > 0)]);
        var high = Math.Max(Math.Max(20 * Median(all), 0.1 * root), MinNanos);
        var own = new Dictionary<(int Service, Pool Pool), Slow>();
        var peer = new Dictionary<(int Service, Pool Pool), Slow>();
        var total = default(Slow);
        foreach (var edge in steps.Keys.Union(was.Keys))
        {
            var past = was.GetValueOrDefault(edge) ?? [];
            var present = steps.GetValueOrDefault(edge) ?? [];
            var limit = Limit(past, high, root);
            var counted = new Slow(past.Count(v => v > limit), past.Count, present.Count(v => v > limit), present.Count, 1);
            var plain = new Slow(0, 0, present.Count(v => v > high), present.Count, 1);
            total = total.Plus(plain);
            var (caller, callee) = index.Edges[edge];
            foreach (var key in ((int, Pool)[])[(caller, Pool.Out), (caller, Pool.Both), (callee, Pool.In), (callee, Pool.Both)])
            {
                own[key] = own.GetValueOrDefault(key).Plus(counted);
                peer[key] = peer.GetValueOrDefault(key).Plus(plain);
            }
        }

        foreach (var service in own.Keys.Select(k => k.Service).Distinct().Order())
        {
            var name = index.Names[service];
            var best = own.Where(o => o.Key.Service == service && IsFair(o.Key.Pool, o.Value))
                .Select(o => (o.Key.Pool, Slow: o.Value, Score: o.Value.N0 > 0
                    ? ProportionShift.Weighed(o.Value.K0, o.Value.N0, o.Value.K1, o.Value.N1) : ProportionShift.Weighed(0, 1, o.Value.K1, o.Value.N1)))
                .Where(o => o.Slow.N1 > 0).OrderByDescending(o => o.Score).ThenBy(o => o.Pool).FirstOrDefault();
            if (best.Score > 0)
            {
                yield return new TraceFinding(name, TraceFindingKind.Gap, best.Score, string.Create(CultureInfo.InvariantCulture,
                    $"{best.Slow.K1} of {best.Slow.N1} calls {Word(best.Pool)} {QuotedText.Name(name)} lose unusually much time on the way, before {best.Slow.K0} of {best.Slow.N0}"))
                {
                    Requests = best.Slow.K1,
                };
            }

            var odd = peer.Where(o => o.Key.Service == service && IsFair(o.Key.Pool, o.Value) && o.Value.N1 > 0)
                .Select(o => (o.Key.Pool, Slow: o.Value, Score: ProportionShift.Weighed(
                    total.K1 - o.Value.K1, total.N1 - o.Value.N1, o.Value.K1, o.Value.N1)))
                .OrderByDescending(o => o.Score).ThenBy(o => o.Pool).FirstOrDefault();
            if (odd.Score > 0)
            {
                yield return new TraceFinding(name, TraceFindingKind.Peer, odd.Score, string.Create(CultureInfo.InvariantCulture,
                    $"{odd.Slow.K1} of {odd.Slow.N1} calls {Word(odd.Pool)} {QuotedText.Name(name)} lose more than {high / 1e6:0.#} ms on the way, of all other calls {total.K1 - odd.Slow.K1} of {total.N1 - odd.Slow.N1}"))
                {
                    Requests = odd.Slow.K1,
                };
            }
        }
    }

    private IEnumerable<TraceFinding> OwnWork()
    {
        if (!now.Exists(t => t.Selves.Length > 0))
        {
            return [];
        }

        var was = Steps(before, t => t.Selves);
        var roots = RootsThrough(before.Count > 0 ? before : now);
        return Steps(now, t => t.Selves)
            .Select(s => Slower(s.Key, was.GetValueOrDefault(s.Key) ?? [], s.Value, Median(roots.GetValueOrDefault(s.Key) ?? [])))
            .Where(f => f.Score > 0)
            .GroupBy(f => f.Service, StringComparer.Ordinal)
            .Select(g => Strongest([.. g.OrderByDescending(f => f.Score).ThenBy(f => f.Text, StringComparer.Ordinal)]));
    }

    /// <summary>Whoever is also slow where it asks nobody is slow itself.</summary>
    private static TraceFinding Strongest(IReadOnlyList<TraceFinding> findings) =>
        findings.Any(f => f.WaitsFor == ResourceClass.None && f.Score >= findings[0].Score / 2) ? findings[0] with { WaitsFor = ResourceClass.None } : findings[0];

    private TraceFinding Slower(int operation, List<double> past, List<double> present, double root)
    {
        var service = index.ServiceOf(operation);
        var high = Math.Max(Math.Max(20 * Median(past.Count > 0 ? past : present), 0.1 * root), MinNanos);
        var limit = Limit(past, high, root);
        int k0 = past.Count(v => v > limit), k1 = present.Count(v => v > limit);
        var score = past.Count > 0
            ? ProportionShift.Weighed(k0, past.Count, k1, present.Count)
            : 0;
        var name = index.Names[index.Operations[operation].Name];
        var asks = QueryName.ClassOf(name);
        var took = asks == ResourceClass.None ? "itself took" : "waited";
        return new TraceFinding(service, TraceFindingKind.Self, score, string.Create(CultureInfo.InvariantCulture,
            $"{k1} of {present.Count} times {QuotedText.Name(service)} {took} more than {limit / 1e6:0.#} ms for {QuotedText.Quote(name)}, before {k0} of {past.Count} times"))
        {
            WaitsFor = asks,
            Requests = k1,
        };
    }

    /// <summary>What is slow for a step: far from its own past if there is enough of it, else far from what all steps take.</summary>
    private static double Limit(List<double> past, double high, double root)
    {
        if (past.Count < MinHistory)
        {
            return high;
        }

        past.Sort();
        var median = past[past.Count / 2];
        var p95 = past[(int)(0.95 * (past.Count - 1))];
        return Math.Min(high, Math.Max(Math.Max(3 * median, p95), median + Math.Max(MinNanos, 0.1 * root)));
    }

    /// <summary>One slow edge out of a service is one slow edge into another, whose fault it is more likely.</summary>
    private static bool IsFair(Pool pool, Slow slow) => pool != Pool.Out || slow.Edges >= 2;

    private static Dictionary<int, List<double>> RootsThrough(List<CompactTrace> traces)
    {
        var roots = new Dictionary<int, List<double>>();
        foreach (var trace in traces)
        {
            foreach (var node in trace.Nodes)
            {
                Of(roots, node.Operation).Add(trace.RootNanos);
            }
        }

        return roots;
    }

    private static Dictionary<int, List<double>> Steps(List<CompactTrace> traces, Func<CompactTrace, TimedStep[]> select)
    {
        var steps = new Dictionary<int, List<double>>();
        foreach (var trace in traces)
        {
            foreach (var step in select(trace))
            {
                Of(steps, step.Id).Add(step.Nanos);
            }
        }

        return steps;
    }

    private static List<double> Of(Dictionary<int, List<double>> lists, int id)
    {
        if (!lists.TryGetValue(id, out var list))
        {
            lists[id] = list = [];
        }

        return list;
    }

    private static double Median(List<double> values)
    {
        if (values.Count == 0)
        {
            return 0;
        }

        var sorted = values.ToArray();
        Array.Sort(sorted);
        return sorted[sorted.Length / 2];
    }

    private static string Word(Pool pool) => pool switch
    {
        Pool.In => "to",
        Pool.Out => "from",
        _ => "to and from",
    };

    private enum Pool : byte
    {
        In,
        Out,
        Both,
    }

    private readonly record struct Slow(int K0, int N0, int K1, int N1, int Edges)
    {
        public Slow Plus(Slow other) => new(K0 + other.K0, N0 + other.N0, K1 + other.K1, N1 + other.N1, Edges + other.Edges);
    }
}
