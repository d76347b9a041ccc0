namespace Culprit.Engine.Evaluation;

/// <summary>What the engine said of one incident, as its report stands at the end.</summary>
/// <param name="Causes">Best first.</param>
internal sealed record ReportedIncident(DateTimeOffset DetectedAt, IReadOnlyList<ReportedCause> Causes, bool IsAbstained)
{
    /// <summary>1 for the first service named, 0 when none of the names is among them, nor among the resources that these lack.</summary>
    public int RankOf(IReadOnlyCollection<string> names) =>
        Causes.Where(c => c.Service.Length > 0).DistinctBy(c => c.Service, StringComparer.Ordinal).ToList()
            .FindIndex(c => names.Contains(c.Service) || (c.Resource is { } resource && names.Contains(resource))) + 1;
}

/// <summary>One hypothesis of a report.</summary>
/// <param name="Confidence">0 to 1.</param>
/// <param name="ChangeId">The change that is blamed with it; null for none.</param>
internal sealed record ReportedCause(string Service, double Confidence, string? ChangeId)
{
    /// <summary>What the service lacked, when a cloud runs that; else null.</summary>
    public string? Resource { get; init; }
}
