namespace Culprit.Engine.Flows;

/// <summary>The time between two steps of a session.</summary>
internal readonly record struct FlowPause(int From, int To, long Nanos);
