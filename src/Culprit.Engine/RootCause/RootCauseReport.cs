using Culprit.Engine.Correlation;

namespace Culprit.Engine.RootCause;

/// <summary>What a hypothesis blames.</summary>
internal enum CauseKind : byte
{
    /// <summary>A service that sends telemetry.</summary>
    Service = 0,

    /// <summary>A dependency that sends none itself, known from configuration or from what callers say.</summary>
    Dependency = 1,
}

/// <summary>One piece of evidence for or against a hypothesis.</summary>
/// <param name="Id">Unique within the report, such as <c>e3</c>; claims cite it.</param>
/// <param name="Text">In words and numbers, without markup. Text from logs appears only inside quotation marks.</param>
/// <param name="RecordIds">Records that show it; may be empty (a metric, an edge).</param>
/// <param name="Weight">Contribution to the score; negative speaks against.</param>
internal sealed record EvidenceItem(string Id, string Text, IReadOnlyList<string> RecordIds, double Weight);

/// <summary>One possible cause with its evidence.</summary>
internal sealed record Hypothesis
{
    public required CauseKind Kind { get; init; }

    /// <summary>The service or dependency that is blamed; of a <see cref="Resource"/> the service that failed first for want of it.</summary>
    public required string Service { get; init; }

    /// <summary>What failed, when a cloud runs it and nobody here does, such as <c>s3</c>; null for services and dependencies of ours.</summary>
    public string? Resource { get; init; }

    /// <summary>What is to blame: the resource if there is one, else the service or dependency.</summary>
    public string Cause => Resource ?? Service;

    /// <summary>0 to 1: how sure the ranker is that this is the cause.</summary>
    public required double Confidence { get; init; }

    public required double Score { get; init; }

    /// <summary>Independent kinds of evidence that speak for it.</summary>
    public int Signals { get; init; }

    /// <summary>What kind of trouble it is, where its callers see another.</summary>
    public CauseNature Nature { get; init; }

    /// <summary>The change that explains it, by full id, if one does.</summary>
    public string? ChangeId { get; init; }

    public required IReadOnlyList<EvidenceItem> For { get; init; }

    public required IReadOnlyList<EvidenceItem> Against { get; init; }
}

/// <summary>A passage of a runbook that matches the incident.</summary>
/// <param name="Path">File name relative to the runbook folder.</param>
internal sealed record RunbookQuote(string Path, string Title, string Excerpt);

/// <summary>The ranker's answer about one incident: what becomes <c>log.root_cause</c>.</summary>
internal sealed record RootCauseReport
{
    /// <summary>One sentence: who failed, how, since when; or that nothing stands out.</summary>
    public required string RootCause { get; init; }

    /// <summary>Best first; empty when there is nothing to rank.</summary>
    public required IReadOnlyList<Hypothesis> Hypotheses { get; init; }

    /// <summary>Candidates that were looked at and dismissed, each with the reason.</summary>
    public required IReadOnlyList<string> RuledOut { get; init; }

    /// <summary>The step of the matching runbook, else the standard one of the fault's class.</summary>
    public required string RecommendedAction { get; init; }

    public required IncidentSeverity Severity { get; init; }

    /// <summary>Confidence of the first hypothesis; 0 when the ranker abstains.</summary>
    public required double Confidence { get; init; }

    /// <summary>True when no candidate stands out: the report says so instead of guessing.</summary>
    public required bool Abstained { get; init; }

    /// <summary>What is to blame; null when the ranker abstains.</summary>
    public string? Blamed => Abstained || Hypotheses.Count == 0 ? null : Hypotheses[0].Cause;

    /// <summary>Restarts and deploys shortly before the incident or during it that nobody reported: the services' own lines tell of them. Oldest first.</summary>
    public IReadOnlyList<ChangeEvidence> SeenChanges { get; init; } = [];

    public RunbookQuote? Runbook { get; init; }
}
