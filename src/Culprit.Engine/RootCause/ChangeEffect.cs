namespace Culprit.Engine.RootCause;

/// <summary>A change that is blamed for the trouble of a candidate.</summary>
/// <param name="At">When it took effect there.</param>
/// <param name="Points">What it adds to the score before it is gated by other evidence.</param>
/// <param name="Reason">When, where, and what it has to do with the errors.</param>
internal sealed record ChangeEffect(ChangeEvidence Change, DateTimeOffset At, double Points, string Reason);
