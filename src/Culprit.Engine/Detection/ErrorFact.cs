using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>One error record as the environment stage learns of it, at once and without waiting for a digest.</summary>
/// <param name="TimeNanos">Time by which it is windowed.</param>
/// <param name="Reference">The record; null beyond the first hundred of a service and second.</param>
internal readonly record struct ErrorFact(
    long TimeNanos, string Service, PatternId Pattern, Severity Severity, RecordRef? Reference);
