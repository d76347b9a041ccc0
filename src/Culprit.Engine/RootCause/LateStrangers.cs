using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>How far belongs to an incident what comes up late, in a service without part in it.</summary>
/// <remarks>
/// Every system has a harmless error now and then. Where an incident's own services say nothing, as when a flow breaks off, the first one that came by
/// would be named. A time that somebody asked about, a plain count of errors, and a silence of all know no such services: there all belongs.
/// </remarks>
internal sealed class LateStrangers(Dossier dossier)
{
    private const double Share = 0.25;

    /// <summary>After this nobody's first sign is that of a cause.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    private readonly HashSet<string> _affected = dossier.WasAsked || dossier.Incident.Anomalies.All(a => a.IsPlain) ? []
        : dossier.Incident.Services.Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);

    // A detector may put the start minutes before it could notice, and what came back began anew.
    private readonly DateTimeOffset _from =
        dossier.Incident.Anomalies.Where(a => !a.IsSupporting).Select(a => a.StartedAt).Append(dossier.Incident.DetectedAt).Max() + Grace;

    /// <summary>0 to 1, of what a candidate shows for the first time at a moment.</summary>
    public double ShareOf(Candidate candidate, DateTimeOffset first) =>
        _affected.Count == 0 || first <= _from || _affected.Contains(candidate.Node) ? 1 : Share;

    /// <summary>The same of a line: one that says what needs no witness, or names a service of the incident, belongs to it.</summary>
    public double ShareOf(Candidate candidate, DateTimeOffset first, SelfFault fault, IReadOnlyList<Blame> blames) =>
        fault.Points() >= SelfFault.Deadlock.Points() || blames.Any(b => b.Peer is { } peer && _affected.Contains(NodeName.Normalise(peer)))
            ? 1 : ShareOf(candidate, first);
}
