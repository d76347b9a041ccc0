using Culprit.Engine.Filtering;

namespace Culprit.Engine.Rules;

/// <summary>How many matching records within which time make a rule fire: SEED.md's <c>error_threshold_trigger</c>.</summary>
/// <param name="Count">1 to <see cref="MaxCount"/>.</param>
/// <param name="Window">Sliding, ends included.</param>
internal sealed record RuleThreshold(int Count, TimeSpan Window)
{
    /// <summary>Every single time within a window is remembered, for each scope: the rule is exact, so its count is limited.</summary>
    public const int MaxCount = 1000;

    /// <summary>Records are counted apart for each combination of these fields. Default: environment.</summary>
    public IReadOnlyList<FilterField> Scope { get; init; } = [FilterField.Named("environment")!];
}
