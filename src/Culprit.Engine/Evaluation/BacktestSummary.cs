namespace Culprit.Engine.Evaluation;

/// <summary>What would have fired, held against what really was.</summary>
/// <param name="lead">Time before a known incident's start at which a finding still belongs to it.</param>
/// <param name="tail">Time after its end.</param>
internal sealed class BacktestSummary(IReadOnlyList<BacktestFinding> findings, IReadOnlyList<KnownIncident> known, TimeSpan lead, TimeSpan tail)
{
    public IReadOnlyList<BacktestFinding> Findings { get; } = [.. findings.OrderBy(f => f.At)];

    public IReadOnlyList<KnownIncident> Known => known;

    /// <summary>Detectors and rules that fired, by name.</summary>
    public IEnumerable<DetectorTally> Detectors => Findings
        .GroupBy(f => f.Detector, StringComparer.Ordinal)
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => new DetectorTally(
            g.Key,
            g.Count(),
            g.Select(f => f.IncidentId).OfType<string>().Distinct(StringComparer.Ordinal).Count(),
            known.Count(k => g.Any(f => Belongs(f, k))),
            g.Count(IsBeside)));

    /// <summary>Known incidents during which nothing would have fired.</summary>
    public IReadOnlyList<KnownIncident> Missed => [.. known.Where(k => !Findings.Any(f => Belongs(f, k)))];

    /// <summary>What fired first for a known incident; null when it was missed.</summary>
    public BacktestFinding? First(KnownIncident incident) => Findings.FirstOrDefault(f => Belongs(f, incident));

    /// <summary>It belongs to no known incident: a false alarm, or something that nobody noted.</summary>
    public bool IsBeside(BacktestFinding finding) => !known.Any(k => Belongs(finding, k));

    private bool Belongs(BacktestFinding finding, KnownIncident incident) =>
        finding.At >= incident.Start - lead && finding.At <= incident.End + tail
        && (incident.Services.Count == 0 || finding.Services.Any(s => incident.Services.Contains(s, StringComparer.Ordinal)));
}

/// <summary>What one detector or rule did.</summary>
/// <param name="Incidents">Incidents that it opened or joined.</param>
/// <param name="Found">Known incidents during which it fired.</param>
/// <param name="Beside">Findings that belong to no known incident.</param>
internal sealed record DetectorTally(string Detector, int Findings, int Incidents, int Found, int Beside);
