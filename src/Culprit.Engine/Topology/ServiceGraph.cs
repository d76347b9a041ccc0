using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Culprit.Engine.Topology;

/// <summary>Who depends on whom in one environment: what is declared, and what was learned from messages, traces and spans.</summary>
/// <remarks>
/// Not thread-safe: the environment stage owns it. Node names are those of <see cref="NodeName"/>. When full, the least
/// recently seen eighth of the learned edges (or of the known services) leaves, ties by name, and <see cref="Evicted"/> counts them.
/// The same observations in another order give the same edges as long as nothing was evicted.
/// </remarks>
internal sealed class ServiceGraph
{
    private readonly ServiceGraphOptions _options;
    private readonly Dictionary<string, long> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Caller, string Callee), LearnedEdge> _learned = [];
    private readonly SortedDictionary<(string Caller, string Callee), ServiceEdge> _declared = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<(string Caller, string Callee)> _vetoed;

    public ServiceGraph(ServiceGraphOptions options)
    {
        _options = options;
        _vetoed = [.. options.Vetoes.SelectMany(v => v.Value.Select(callee => (NodeName.Normalise(v.Key), NodeName.Normalise(callee))))];
        foreach (var (caller, callees) in options.Dependencies)
        {
            foreach (var callee in callees)
            {
                Declare(NodeName.Normalise(caller), NodeName.Normalise(callee));
            }
        }
    }

    /// <summary>Learned edges and known services that had to make room.</summary>
    public long Evicted { get; private set; }

    /// <summary>Node names that a message is searched for.</summary>
    public IReadOnlySet<string> KnownNames => _names;

    internal IReadOnlyDictionary<string, long> Services => _services;

    internal IReadOnlyDictionary<(string Caller, string Callee), LearnedEdge> Learned => _learned;

    /// <summary>A service logged: from now on its name is recognised in messages of others.</summary>
    public void ObserveService(string service, long nanos) => Know(NodeName.Normalise(service), nanos);

    /// <summary>A message of a service, searched for peers. The service becomes known.</summary>
    public void ObserveMessage(string service, string message, long nanos)
    {
        var caller = NodeName.Normalise(service);
        Know(caller, nanos);
        foreach (var mention in PeerScanner.Find(message, _names))
        {
            ObservePeer(caller, mention, 1, nanos);
        }
    }

    /// <summary>Peers that were already found in messages of a service, with how often.</summary>
    public void ObservePeer(string service, PeerMention mention, long count, long nanos)
    {
        // A bare address names no node, and a general word ("db") does not say which one.
        if (mention.Form == PeerForm.Address || InfrastructureWords.Of(mention.Name) is { IsGeneric: true })
        {
            return;
        }

        if (EdgeFor(NodeName.Normalise(service), NodeName.Normalise(mention.Name), nanos) is { } edge)
        {
            edge.Messages += count;
            edge.Hosts += mention.Form == PeerForm.Host ? count : 0;
        }
    }

    /// <summary>A span of one service has its parent in another.</summary>
    public void ObserveSpan(string parentService, string childService, long nanos)
    {
        if (EdgeFor(NodeName.Normalise(parentService), NodeName.Normalise(childService), nanos) is { } edge)
        {
            edge.Spans++;
        }
    }

    /// <summary>All sightings of one trace or request, in any order: a caller speaks, then its callee, then the caller again.</summary>
    /// <remarks>
    /// Only the service that spoke right after the caller counts: what came later within may have been called by either of them.
    /// </remarks>
    public void ObserveTrace(IReadOnlyList<TraceSighting> sightings)
    {
        var open = new List<string>();
        foreach (var sighting in sightings.OrderBy(s => s.TimestampNanos).ThenBy(s => s.Service, StringComparer.Ordinal))
        {
            var speaker = NodeName.Normalise(sighting.Service);
            var at = open.IndexOf(speaker);
            if (at < 0)
            {
                open.Add(speaker);
                continue;
            }

            if (at + 1 < open.Count && EdgeFor(speaker, open[at + 1], sighting.TimestampNanos) is { } edge)
            {
                edge.Traces++;
            }

            open.RemoveRange(at + 1, open.Count - at - 1);
        }
    }

    /// <summary>Every edge, by caller, then callee. A declared edge hides what was learned about the same pair.</summary>
    public IReadOnlyList<ServiceEdge> Edges()
    {
        var learned = _learned
            .Where(e => !_declared.ContainsKey(e.Key))
            .Select(e => e.Value.ToEdge(
                e.Key.Caller, e.Key.Callee, _learned.GetValueOrDefault((e.Key.Callee, e.Key.Caller))));
        return [.. _declared.Values.Concat(learned)
            .OrderBy(e => e.Caller, StringComparer.Ordinal)
            .ThenBy(e => e.Callee, StringComparer.Ordinal)];
    }

    /// <summary>Writes what was learned; declared edges belong to the configuration.</summary>
    public void Save(IBufferWriter<byte> output) => ServiceGraphSnapshot.Save(this, output);

    /// <summary>False when the bytes are not a snapshot of this version: then the graph learns anew.</summary>
    public static bool TryLoad(ReadOnlySpan<byte> bytes, ServiceGraphOptions options, [NotNullWhen(true)] out ServiceGraph? graph) =>
        ServiceGraphSnapshot.TryLoad(bytes, options, out graph);

    internal void Restore(string service, long nanos) => Know(service, nanos);

    /// <summary>An edge that was learned before it was vetoed is forgotten.</summary>
    internal void Restore(string caller, string callee, LearnedEdge edge)
    {
        if (!_vetoed.Contains((caller, callee)))
        {
            _learned[(caller, callee)] = edge;
        }
    }

    private void Declare(string caller, string callee)
    {
        if (caller.Length > 0 && callee.Length > 0 && caller != callee)
        {
            _declared[(caller, callee)] = new ServiceEdge(caller, callee, EdgeSource.Declared, 1, "declared in the configuration");
            _names.Add(caller);
            _names.Add(callee);
        }
    }

    private void Know(string service, long nanos)
    {
        if (service.Length == 0)
        {
            return;
        }

        if (!_services.TryGetValue(service, out var last) && _services.Count >= _options.MaxServices)
        {
            EvictServices();
        }

        _services[service] = Math.Max(last, nanos);
        _names.Add(service);
    }

    private LearnedEdge? EdgeFor(string caller, string callee, long nanos)
    {
        if (caller.Length == 0 || callee.Length == 0 || caller == callee || _vetoed.Contains((caller, callee)))
        {
            return null;
        }

        if (!_learned.TryGetValue((caller, callee), out var edge))
        {
            if (_learned.Count >= _options.MaxEdges)
            {
                EvictEdges();
            }

            edge = new LearnedEdge();
            _learned.Add((caller, callee), edge);
        }

        edge.LastSeenNanos = Math.Max(edge.LastSeenNanos, nanos);
        return edge;
    }

    private void EvictServices()
    {
        var oldest = _services.OrderBy(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal)
            .Take(Math.Max(1, _options.MaxServices / 8)).Select(s => s.Key).ToList();
        foreach (var service in oldest)
        {
            _services.Remove(service);
            if (!_declared.Keys.Any(k => k.Caller == service || k.Callee == service))
            {
                _names.Remove(service);
            }
        }

        Evicted += oldest.Count;
    }

    private void EvictEdges()
    {
        var oldest = _learned.OrderBy(e => e.Value.LastSeenNanos)
            .ThenBy(e => e.Key.Caller, StringComparer.Ordinal).ThenBy(e => e.Key.Callee, StringComparer.Ordinal)
            .Take(Math.Max(1, _options.MaxEdges / 8)).Select(e => e.Key).ToList();
        foreach (var key in oldest)
        {
            _learned.Remove(key);
        }

        Evicted += oldest.Count;
    }
}
