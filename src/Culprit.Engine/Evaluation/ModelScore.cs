namespace Culprit.Engine.Evaluation;

/// <summary>What a model made of the explanation of one labelled incident.</summary>
/// <param name="IsRight">It settled on the labelled cause.</param>
/// <param name="IsUnknown">It settled on none although it could be asked.</param>
/// <param name="Failure">Why there is no answer; null when there is.</param>
/// <param name="Kept">Claims that their evidence bears out.</param>
/// <param name="Dropped">Claims that it does not.</param>
/// <param name="Cost">US dollars; null without prices.</param>
internal sealed record ModelScore(
    bool IsRight, bool IsUnknown, string? Failure, int Kept, int Dropped, long InputTokens, long OutputTokens, double Seconds, double? Cost);
