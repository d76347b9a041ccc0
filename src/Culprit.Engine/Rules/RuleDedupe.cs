using Culprit.Engine.Filtering;

namespace Culprit.Engine.Rules;

/// <summary>Which matching records a rule counts once only: SEED.md's <c>dedupe_filter(key_func, window_seconds)</c>.</summary>
/// <param name="Window">From the first occurrence.</param>
/// <param name="By">Fields that must be the same. Default: service, level and message.</param>
internal sealed record RuleDedupe(TimeSpan Window, IReadOnlyList<FilterField>? By = null);
