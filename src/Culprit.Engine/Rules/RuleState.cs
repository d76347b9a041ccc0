using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>A <see cref="RuleEngine"/> at rest.</summary>
internal sealed record RuleEngineState(IReadOnlyList<RuleState> Rules);

/// <summary>One rule at rest.</summary>
/// <param name="Threshold">Threshold and scope as text: scopes counted under another threshold are not taken over.</param>
internal sealed record RuleState(
    string Name, string Threshold, FilterState Filter, IReadOnlyList<RuleScopeState> Scopes, IReadOnlyList<RuleEvidence> Recent);

/// <summary>A <see cref="RuleScope"/> at rest.</summary>
internal sealed record RuleScopeState(ulong Key, long[] Times, bool IsOpen, long LastReached);

/// <summary>A record that a scope has counted.</summary>
internal sealed record RuleEvidence(ulong Scope, RecordRef Reference);
