using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>The candidates of one ranking, and the finding of them by the names that messages and edges use.</summary>
/// <remarks>Everything is sorted on the way in, so the order in which evidence was gathered changes nothing.</remarks>
internal sealed class CandidateSet
{
    /// <summary>Edges below this are too uncertain to explain anything.</summary>
    private const double MinEdgeConfidence = 0.3;

    private readonly List<Candidate> _all = [];
    private readonly Dictionary<string, Candidate> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<Candidate>> _byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ServiceEdge>> _edges = new(StringComparer.Ordinal);

    public CandidateSet(Dossier dossier)
    {
        foreach (var service in dossier.Services.OrderBy(s => s.Service, StringComparer.Ordinal))
        {
            if (!_byName.ContainsKey(service.Service))
            {
                Add(new Candidate(service.Service, NodeName.Normalise(service.Service), CauseKind.Service, service));
            }
        }

        // A service that sends spans or metrics without logging can be the answer too.
        foreach (var service in dossier.Traces.Select(f => f.Service)
            .Concat(dossier.Metrics.Where(m => MetricShift.Of(m, dossier.Metrics, dossier.TracesSeen == 0) is { } s && (s.IsResource || dossier.HasMetricsOnly)).Select(m => m.Service))
            .Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).Where(s => !_byName.ContainsKey(s)).ToList())
        {
            Add(new Candidate(service, NodeName.Normalise(service), CauseKind.Service, null));
        }

        var known = new HashSet<string>(_byNode.Keys, StringComparer.Ordinal);
        foreach (var edge in dossier.Edges
            .Where(e => e.Confidence >= MinEdgeConfidence)
            .Select(e => e with { Caller = NodeName.Normalise(e.Caller), Callee = NodeName.Normalise(e.Callee) })
            .Where(e => e.Caller != e.Callee)
            .OrderBy(e => e.Caller, StringComparer.Ordinal).ThenBy(e => e.Callee, StringComparer.Ordinal)
            .ThenByDescending(e => e.Source).ThenByDescending(e => e.Confidence)
            .DistinctBy(e => (e.Caller, e.Callee)))
        {
            known.Add(edge.Caller);
            known.Add(edge.Callee);
            if (!_edges.TryGetValue(edge.Caller, out var edges))
            {
                _edges[edge.Caller] = edges = [];
            }

            edges.Add(edge);
        }

        Known = known;
    }

    /// <summary>Services by name, then dependencies in the order in which they were found.</summary>
    public IReadOnlyList<Candidate> All => _all;

    /// <summary>Node names that messages are searched for.</summary>
    public IReadOnlySet<string> Known { get; }

    public IReadOnlyList<ServiceEdge> EdgesFrom(Candidate caller) => _edges.GetValueOrDefault(caller.Node) ?? [];

    public ServiceEdge? Edge(Candidate caller, Candidate callee) => EdgesFrom(caller).FirstOrDefault(e => e.Callee == callee.Node);

    /// <summary>Services that are known to call it, whether or not they complain; names in messages are no proof, complaints hold them.</summary>
    public int CallersOf(Candidate callee) =>
        _edges.Values.Count(edges => edges.Exists(e => e.Callee == callee.Node && (e.Source is EdgeSource.Span or EdgeSource.Declared)));

    /// <summary>Who bears a name: the service of exactly that name, else all replicas of it, else a dependency made for it.</summary>
    public IReadOnlyList<Candidate> Named(string name)
    {
        if (_byName.TryGetValue(name, out var exact))
        {
            return [exact];
        }

        var node = NodeName.Normalise(name);
        if (_byNode.TryGetValue(node, out var replicas))
        {
            return replicas;
        }

        var dependency = new Candidate(node, node, CauseKind.Dependency, null);
        Add(dependency);
        return [dependency];
    }

    /// <summary>Whom a message of the caller blames; empty when it does not say.</summary>
    public (IReadOnlyList<Candidate> Candidates, bool IsNamed) Blamed(Candidate caller, Blame blame)
    {
        if (blame.IsUnspecified)
        {
            return ([], false);
        }

        // "postgres" in a message is the product as well as a name: the dependency declared as postgres-primary bears it.
        var isProduct = blame.Peer is null || InfrastructureWords.Of(blame.Peer) is not null;
        if (isProduct && blame.Word is { } word && !(blame.Peer is { } peer && Known.Contains(peer) && CallsNode(caller, peer)))
        {
            var declared = EdgesFrom(caller).Where(e => Fits(e.Callee, blame.Class, word)).SelectMany(e => Named(e.Callee)).Distinct().ToList();
            return declared.Count > 0 ? (declared, declared.Exists(c => c.Node == word)) : (Named(word), true);
        }

        var named = Named(blame.Peer ?? blame.Word!);
        return ([.. named.Where(c => c != caller)], true);
    }

    private bool CallsNode(Candidate caller, string node) => EdgesFrom(caller).Any(e => e.Callee == node);

    private static bool Fits(string node, ResourceClass kind, string word)
    {
        var words = InfrastructureWords.Find(node);
        var isGeneric = InfrastructureWords.Of(word) is not { IsGeneric: false };
        return words.Any(w => w.Name == word)
            || (words.Count > 0 && words[0].Class == kind && (isGeneric || words[0].IsGeneric));
    }

    private void Add(Candidate candidate)
    {
        _all.Add(candidate);
        _byName.TryAdd(candidate.Name, candidate);
        if (!_byNode.TryGetValue(candidate.Node, out var replicas))
        {
            _byNode[candidate.Node] = replicas = [];
        }

        replicas.Add(candidate);
    }
}
