using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Correlation;

/// <summary>Whether an anomaly belongs to an incident: near in time, and connected by the services or traces that both touch.</summary>
internal sealed class Relatedness(IReadOnlyList<ServiceEdge> edges)
{
    /// <summary>An edge that is less certain connects nothing.</summary>
    private const double MinConfidence = 0.3;

    /// <summary>Up to here an edge is a guess from who spoke around whom: enough to connect, but not to say which of two calls the other.</summary>
    private const double MaxGuess = 0.6;

    /// <summary>Calls between a cause and its farthest symptom; services between them may stay silent.</summary>
    private const int MaxHops = 4;

    /// <summary>Faults that begin together are one more often than two: then a common caller or callee connects them, too.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(90);

    /// <summary>Records of an anomaly that are read for names.</summary>
    private const int MaxRead = 5;

    /// <summary>Where the calls of so many are known, one of whom none is known belongs to nobody by guess.</summary>
    private const int MinKnown = 8;

    private readonly (ILookup<string, string> Callees, ILookup<string, string> Callers) _known = BothWays(edges.Where(e => e.Confidence >= MinConfidence));

    private readonly HashSet<string> _nodes = Nodes(edges.Where(e => e.Confidence >= MinConfidence));

    /// <summary>Callees and callers without guesses that the spans of both nodes do not bear out: they took part in the same requests, but neither waits for the other.</summary>
    private readonly (ILookup<string, string> Callees, ILookup<string, string> Callers) _waiting = BothWays(Waiting(edges));

    /// <summary>The callees that are no guess; all when nothing better is known.</summary>
    private readonly ILookup<string, string> _sure = Sure(edges)
        .ToLookup(e => e.Caller, e => e.Callee, StringComparer.Ordinal);

    /// <summary>Nodes of whose calls all is known, by spans or by configuration; what messages and shared ids tell is a part.</summary>
    private readonly HashSet<string> _traced = Nodes(edges.Where(e => e.Source >= EdgeSource.Span));

    // By instance: what a finding says does not change while it is compared.
    private readonly Dictionary<Anomaly, List<string>> _own = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Anomaly, List<string>> _accused = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// How closely they are connected: 0 not at all, 1 because too little is known of their calls and they began together, 2 by calls, 3 by a trace
    /// or because it names a service of the incident, 4 by a service.
    /// </summary>
    /// <param name="suspect">Who is blamed for the incident; null when that is not clear.</param>
    public int Of(Incident incident, Anomaly anomaly, string? suspect = null)
    {
        var ours = anomaly.Services.Select(NodeName.Normalise).ToList();

        // Where all calls are known a request proves nothing: two faults on its way fail in it, too.
        var isNamed = Names(anomaly, incident);
        var sharesRequest = SharesRequest(anomaly, incident);
        if (!isNamed && !(sharesRequest && !ours.TrueForAll(_traced.Contains)) && IsApart(incident, anomaly, suspect))
        {
            return 0;
        }

        if (anomaly.Services.Count == 0 || incident.Services.Count == 0
            || anomaly.Services.Intersect(incident.Services, StringComparer.Ordinal).Any())
        {
            return 4;
        }

        if (isNamed || sharesRequest)
        {
            return 3;
        }

        var theirs = incident.Services.Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);

        // Who gets its work from a queue waits for nobody, but does less, or something else, when those fail that fill it.
        var isOfWork = anomaly.Type == AnomalyType.Unknown || incident.Anomalies.All(a => a.IsSupporting || a.Type == AnomalyType.Unknown);
        var (callees, callers) = isOfWork ? _known : _waiting;
        if (ours.Exists(s => Reaches(s, callees, theirs) || Reaches(s, callers, theirs)))
        {
            return 2;
        }

        return ours.Exists(s => IsUnknown(s)
                || ((anomaly.StartedAt - incident.StartedAt).Duration() <= Together && HaveCommonNeighbour(s, theirs, callees, callers))
                || ((!_traced.Contains(s) || !theirs.Overlaps(_traced)) && BeganWhileItSpread(incident, anomaly)))
            || theirs.All(IsUnknown) ? 1 : 0;
    }

    /// <summary>Two faults: what fails in the one and what fails in the other fail by themselves, and nothing binds them.</summary>
    /// <remarks>
    /// Who names nobody, and whoever is slow, may be anybody's victim. Who reports that others failed belongs to these. Bound are, too,
    /// who calls the suspect that the incident's failures call; who was found in the incident before, or was reported there as failed;
    /// and who calls one that reports a failure, or is it, whether or not the call to what failed is known.
    /// </remarks>
    public bool IsApart(Incident incident, Anomaly anomaly, string? suspect = null)
    {
        var own = OwnFailures(anomaly).ConvertAll(NodeName.Normalise);
        var failed = own.Count > 0 ? own : Accused(anomaly);
        if (failed.Count == 0 || failed.Exists(f => IsFoundIn(incident, f)))
        {
            return false;
        }

        var reports = incident.Anomalies.Where(a => OwnFailures(a).Count == 0 && Accused(a).Count > 0).ToList();
        var theirs = Failed(incident, suspect);
        return theirs.Count > 0
            && !reports.Exists(r => failed.Exists(f => Accused(r).Contains(f) && !Accused(r).Exists(a => a != f && theirs.Contains(a)))) // Who names both may report two.
            && !(own.Count == 0 && IsUpstream(theirs, anomaly))
            && !(own.Count > 0 && reports.Exists(r => IsUpstream(own, r) && Accused(r).Exists(theirs.Contains)))
            && failed.TrueForAll(f => IsApart(f, theirs));
    }

    /// <summary>No call leads from a service to the failures of an incident, nor from these to it, as far as its calls are known.</summary>
    /// <param name="failures">As <see cref="Failed"/> has them; none are apart from nobody.</param>
    public bool IsApart(string service, IReadOnlyCollection<string> failures) => failures.Count > 0 && NodeName.Normalise(service) is var node
        && !MayCallAnyone(node) && failures.All(f => f != node && !MayCallAnyone(f) && !Calls(node, f) && !Calls(f, node));

    /// <summary>
    /// Nodes of an incident that fail by themselves, else those that are named as what failed, without those that call others of them; and the suspect,
    /// if these call it. Failures without a word name nobody: then the suspect alone, if they lead to it.
    /// </summary>
    public HashSet<string> Failed(Incident incident, string? suspect)
    {
        var own = incident.Anomalies.SelectMany(OwnFailures).Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);
        var failed = Deepest(own.Count > 0 ? own : incident.Anomalies.SelectMany(a => Accused(a)).ToHashSet(StringComparer.Ordinal));
        var leading = failed.Count > 0 ? failed : [.. incident.Anomalies.Where(SaysNothing).SelectMany(a => a.Services).Select(NodeName.Normalise)];
        if (suspect is not null && NodeName.Normalise(suspect) is var blamed && leading.Any(f => f == blamed || Calls(f, blamed)))
        {
            failed.Add(blamed);
        }

        return failed;
    }

    /// <summary>What an environment's errors show of one fault: of several services that fail by themselves, apart from one another, the one with the most of them and all but the others.</summary>
    /// <param name="known">Services of open incidents: what they say is no news, and of no other fault.</param>
    public Anomaly OfOneFault(Anomaly anomaly, IReadOnlyCollection<string> known)
    {
        if (anomaly.Services.Count < 2 || anomaly.Services.Intersect(known, StringComparer.Ordinal).Any())
        {
            return anomaly;
        }

        var own = OwnFailures(anomaly);
        var deepest = Deepest([.. own.Select(NodeName.Normalise)]);
        var roots = own.Where(s => deepest.Contains(NodeName.Normalise(s)))
            .OrderByDescending(s => anomaly.Evidence.Count(e => e.Service == s)).ThenBy(s => s, StringComparer.Ordinal).ToList();
        var others = roots.Skip(1).Where(s => IsApart(s, [NodeName.Normalise(roots[0])])).ToHashSet(StringComparer.Ordinal);
        others.UnionWith(anomaly.Services.Where(s => roots.Count > 0 && !own.Contains(s)
            && Named(anomaly.Evidence.Where(e => e.Service == s)) is { Count: > 0 } accused && accused.TrueForAll(a => IsApart(a, [NodeName.Normalise(roots[0])]))));
        if (2 * anomaly.Evidence.Count(e => others.Contains(e.Service)) > anomaly.Evidence.Count)
        {
            others = [.. anomaly.Services.Where(s => !others.Contains(s))]; // Most of them are of another fault than the loudest by itself.
        }

        return others.Count == 0 ? anomaly : anomaly with
        {
            Services = [.. anomaly.Services.Where(s => !others.Contains(s))],
            Evidence = [.. anomaly.Evidence.Where(e => !others.Contains(e.Service))],
        };
    }

    /// <summary>Those that call none of the others.</summary>
    public HashSet<string> Deepest(IReadOnlyCollection<string> services) => services
        .Where(s => !services.Any(other => Calls(s, other) && !Calls(other, s)))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Calls lead from one node to the other, directly or over others.</summary>
    public bool Calls(string caller, string callee) => caller != callee && Reaches(caller, _sure, [callee]);

    private static HashSet<string> Nodes(IEnumerable<ServiceEdge> edges) =>
        edges.SelectMany(e => (IEnumerable<string>)[e.Caller, e.Callee]).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<ServiceEdge> Waiting(IReadOnlyList<ServiceEdge> edges)
    {
        var traced = Nodes(edges.Where(e => e.Source == EdgeSource.Span));
        return edges.Where(e => e.Confidence > MaxGuess
            || (e.Confidence >= MinConfidence && !(e.Source == EdgeSource.SharedTrace && traced.Contains(e.Caller) && traced.Contains(e.Callee))));
    }

    private static (ILookup<string, string> Callees, ILookup<string, string> Callers) BothWays(IEnumerable<ServiceEdge> edges)
    {
        var list = edges.ToList();
        return (list.ToLookup(e => e.Caller, e => e.Callee, StringComparer.Ordinal), list.ToLookup(e => e.Callee, e => e.Caller, StringComparer.Ordinal));
    }

    private static IReadOnlyList<ServiceEdge> Sure(IReadOnlyList<ServiceEdge> edges) =>
        edges.Where(e => e.Confidence > MaxGuess).ToList() is { Count: > 0 } sure ? sure : edges;

    /// <summary>Services whose errors are neither of connections nor of waiting, and name no other node.</summary>
    private List<string> OwnFailures(Anomaly anomaly) => Known(_own, anomaly, FindOwnFailures);

    private List<string> FindOwnFailures(Anomaly anomaly) => anomaly.IsSupporting || anomaly.Type != AnomalyType.ErrorSpike ? [] :
    [
        .. anomaly.Services.Where(s => anomaly.Evidence.Where(e => e.Service == s).Take(MaxRead).ToList() is { Count: > 0 } said
            && 2 * said.Count(e => OthersIn(e.Text, s).Any()) < said.Count),
    ];

    /// <summary>Nodes that errors name as what failed.</summary>
    private List<string> Accused(Anomaly anomaly) => Known(_accused, anomaly, a => a.IsSupporting ? [] : Named(a.Evidence));

    private List<string> Named(IEnumerable<RecordRef> evidence) =>
    [
        .. evidence.Take(MaxRead)
            .SelectMany(e => OthersIn(e.Text, e.Service))
            .Distinct(StringComparer.Ordinal).OrderBy(n => n, StringComparer.Ordinal),
    ];

    /// <summary>Texts are read once for each finding, however often it is compared.</summary>
    private static List<string> Known(Dictionary<Anomaly, List<string>> known, Anomaly anomaly, Func<Anomaly, List<string>> find)
    {
        if (!known.TryGetValue(anomaly, out var found))
        {
            known.Add(anomaly, found = find(anomaly));
        }

        return found;
    }

    /// <summary>Nodes that a text of a service names beside the service itself.</summary>
    private IEnumerable<string> OthersIn(string text, string service)
    {
        var own = NodeName.Normalise(service);
        return _nodes.Where(n => n != own && Names(text, n));
    }

    private static bool Names(Anomaly anomaly, Incident incident) => anomaly.Evidence.Take(MaxRead)
        .Any(e => incident.Services.Any(s => s != e.Service && Names(e.Text, NodeName.Normalise(s))));

    private static bool SharesRequest(Anomaly anomaly, Incident incident)
    {
        var traces = anomaly.Evidence.Select(e => e.TraceId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return traces.Count > 0 && incident.Anomalies.Where(a => !a.IsSupporting).SelectMany(a => a.Evidence).Any(e => e.TraceId is { } trace && traces.Contains(trace));
    }

    /// <summary>A name stands in a text as a word: <c>order</c> is not in <c>orders</c> nor in <c>order-db</c>.</summary>
    private static bool Names(string text, string name)
    {
        for (var at = name.Length > 0 ? Find(0) : -1; at >= 0; at = Find(at + 1))
        {
            if ((at == 0 || !IsPart(text[at - 1])) && (at + name.Length == text.Length || !IsPart(text[at + name.Length])))
            {
                return true;
            }
        }

        return false;

        int Find(int from) => text.IndexOf(name, from, StringComparison.OrdinalIgnoreCase);

        static bool IsPart(char c) => char.IsLetterOrDigit(c) || c is '-' or '_';
    }

    /// <summary>Failed spans and error ratios.</summary>
    private static bool SaysNothing(Anomaly anomaly) => anomaly is { IsSupporting: false, Type: AnomalyType.ErrorSpike, Evidence.Count: 0 };

    private static bool IsFoundIn(Incident incident, string node) =>
        incident.Anomalies.Any(a => a is { IsSupporting: false, Services.Count: 1 } && NodeName.Normalise(a.Services[0]) == node);

    /// <summary>One of the nodes is the service of a finding, or calls it.</summary>
    private bool IsUpstream(IReadOnlyCollection<string> nodes, Anomaly anomaly) =>
        anomaly.Services.Select(NodeName.Normalise).Any(s => nodes.Any(n => n == s || Calls(n, s)));

    private bool IsUnknown(string service) => !_known.Callees.Contains(service) && !_known.Callers.Contains(service);

    /// <summary>Nothing is known of its calls, and little of those of others.</summary>
    private bool MayCallAnyone(string service) => _nodes.Count < MinKnown && IsUnknown(service);

    /// <summary>It began soon after the newest onset of the incident, or before.</summary>
    private static bool BeganWhileItSpread(Incident incident, Anomaly anomaly) => anomaly.StartedAt
        <= incident.Anomalies.Where(a => !a.IsSupporting).Select(a => a.StartedAt).Append(incident.StartedAt).Max() + Together;

    private static bool HaveCommonNeighbour(string service, HashSet<string> targets, ILookup<string, string> callees, ILookup<string, string> callers) =>
        callers[service].Any(c => callees[c].Any(targets.Contains)) || callees[service].Any(c => callers[c].Any(targets.Contains));

    private static bool Reaches(string from, ILookup<string, string> next, HashSet<string> targets)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { from };
        var border = new List<string> { from };
        for (var hop = 0; hop < MaxHops && border.Count > 0; hop++)
        {
            border = [.. border.SelectMany(s => next[s]).Where(seen.Add)];
            if (border.Exists(targets.Contains))
            {
                return true;
            }
        }

        return false;
    }
}
