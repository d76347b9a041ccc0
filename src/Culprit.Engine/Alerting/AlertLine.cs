namespace Culprit.Engine.Alerting;

/// <summary>One log line that an alert quotes. Everything of it came from outside.</summary>
/// <param name="At">Event time.</param>
/// <param name="Level">The word of the wire, such as <c>error</c>; empty when it was not said.</param>
internal readonly record struct AlertLine(DateTimeOffset At, string Service, string Level, string Text);
