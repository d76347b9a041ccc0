namespace Culprit.Engine.Rules;

/// <summary>What one rule has seen since the start: Matched = Repeated + Counted + Fired + Absorbed.</summary>
/// <param name="Matched">Records that passed On and Where.</param>
/// <param name="Repeated">Of them, those that Dedupe left out.</param>
/// <param name="Counted">Below the threshold when they came.</param>
/// <param name="Fired">Firings.</param>
/// <param name="Absorbed">Belonged to a firing that was open.</param>
/// <param name="ForgottenKeys">Scopes and keys of filters that left for lack of room.</param>
/// <param name="RegexTimeouts">More than 0 is a bug of ours.</param>
internal readonly record struct RuleCounts(
    long Matched, long Repeated, long Counted, long Fired, long Absorbed, long ForgottenKeys, long RegexTimeouts);
