namespace Culprit.Engine.Rules;

/// <summary>One firing on its way to its handler.</summary>
/// <param name="Attempt">This call's number, from 1.</param>
/// <param name="Number">Its place among all firings that were taken, from 1.</param>
internal sealed record TriggerWork(RuleFiring Firing, int Attempt, long Number = 0);
