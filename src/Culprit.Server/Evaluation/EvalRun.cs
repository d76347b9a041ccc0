using Culprit.Engine.Evaluation;

namespace Culprit.Server.Evaluation;

/// <summary>All that one evaluation found.</summary>
/// <param name="Problems">What gave no case: a sentence each. Cases that could not be played carry theirs themselves.</param>
internal sealed record EvalRun(bool IsTold, TimeSpan Lead, TimeSpan Tail, IReadOnlyList<CaseScore> Scores, IReadOnlyList<string> Problems)
{
    public EvalSummary All { get; } = new(Scores);

    /// <summary>By fault type, in the order of their names.</summary>
    public IEnumerable<(string FaultType, EvalSummary Summary)> ByFault =>
        Scores.GroupBy(s => s.Case.FaultType).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, new EvalSummary([.. g])));

    public bool IsComplete => Problems.Count == 0 && All.NotScored == 0;
}
