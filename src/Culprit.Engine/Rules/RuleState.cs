using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>A <see cref="RuleEngine"/> at rest.</summary>
internal sealed record RuleEngineState(IReadOnlyList<RuleState> Rules);

/// <summary>One rule at rest.</summary>
/// <param name="Threshold">Threshold and scope as text: scopes counted under another threshold are not taken over.</param>
internal sealed record RuleState(string Name, string Threshold, FilterState Filter, IReadOnlyList<RuleScopeState> Scopes);

/// <summary>A <see cref="RuleScope"/> at rest.</summary>
internal sealed record RuleScopeState(ulong Key, long[] Times, RecordRef[] Evidence, bool IsOpen, long LastReached);
