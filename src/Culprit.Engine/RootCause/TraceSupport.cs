using Culprit.Engine.Traces;

namespace Culprit.Engine.RootCause;

/// <summary>What traces add to the score of one candidate.</summary>
/// <remarks>
/// Weights: where requests go wrong and where time is lost count in full; a comparison with other edges, own work and error
/// shares repeat part of that and count half. An operation that always fails only breaks ties.
/// </remarks>
internal sealed record TraceSupport(IReadOnlyList<TraceFinding> Findings)
{
    public static readonly TraceSupport None = new([]);

    /// <summary>Strongest first.</summary>
    public IReadOnlyList<TraceFinding> Findings { get; } =
        [.. Findings.OrderByDescending(PointsOf).ThenBy(f => f.Kind).ThenBy(f => f.Text, StringComparer.Ordinal)];

    public double Points { get; } = Findings.Sum(PointsOf);

    public static double PointsOf(TraceFinding finding) => Rise.SoftCap(finding.Score) * finding.Kind switch
    {
        TraceFindingKind.Blame or TraceFindingKind.Gap => 1,
        TraceFindingKind.Peer or TraceFindingKind.Self or TraceFindingKind.Errors => 0.5,
        TraceFindingKind.Static => 0.15,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)finding.Kind}."),
    };
}
