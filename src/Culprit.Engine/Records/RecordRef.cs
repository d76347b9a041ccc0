namespace Culprit.Engine.Records;

/// <summary>Points at one stored record and keeps what a reader wants to see of it.</summary>
/// <param name="Sequence">Journal sequence.</param>
/// <param name="Id">The record's id on the wire.</param>
/// <param name="TimestampNanos">Event time, Unix nanoseconds.</param>
/// <param name="Service">Who said it.</param>
/// <param name="Text">The body, at most 400 characters.</param>
/// <param name="TraceId">Its trace, if it had one.</param>
internal sealed record RecordRef(
    long Sequence, string Id, long TimestampNanos, string Service, Severity Severity, string Text, string? TraceId)
{
    public const int MaxTextLength = 400;
}
