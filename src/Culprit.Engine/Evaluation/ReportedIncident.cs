namespace Culprit.Engine.Evaluation;

/// <summary>What the engine said of one incident, as its report stands at the end.</summary>
/// <param name="Causes">Best first.</param>
internal sealed record ReportedIncident(DateTimeOffset DetectedAt, IReadOnlyList<ReportedCause> Causes, bool IsAbstained)
{
    /// <summary>1 for the first service named, 0 when none of the names is among them.</summary>
    public int RankOf(IReadOnlyCollection<string> names) =>
        Causes.Select(c => c.Service).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal).ToList().FindIndex(names.Contains) + 1;
}

/// <summary>One hypothesis of a report.</summary>
/// <param name="Confidence">0 to 1.</param>
/// <param name="ChangeId">The change that is blamed with it; null for none.</param>
internal sealed record ReportedCause(string Service, double Confidence, string? ChangeId);
