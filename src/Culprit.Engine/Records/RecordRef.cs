using System.Text;

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

    /// <param name="journalId">Part of the id of a record that its sender did not name.</param>
    /// <param name="timeNanos">Time by which the record is windowed.</param>
    public static RecordRef Of(in LogRecord record, ulong journalId, long timeNanos, string service)
    {
        var body = record.Body;
        var text = Encoding.UTF8.GetString(body.Length > 4 * MaxTextLength ? body[..(4 * MaxTextLength)] : body);
        if (text.Length > MaxTextLength)
        {
            text = text[..(char.IsHighSurrogate(text[MaxTextLength - 1]) ? MaxTextLength - 1 : MaxTextLength)];
        }

        var trace = record.TraceId.IsEmpty ? null : Encoding.UTF8.GetString(record.TraceId);
        return new RecordRef(record.Sequence, RecordId.Of(record, journalId), timeNanos, service, record.Severity, text, trace);
    }
}
