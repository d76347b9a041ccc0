namespace Culprit.Engine.Records;

/// <summary>Facts about how a record was admitted; written to the journal, so the numbers never change.</summary>
/// <remarks>At most 128: the upper byte of the field holds the <see cref="RecordMark"/>.</remarks>
[Flags]
internal enum RecordFlags : ushort
{
    None = 0,

    /// <summary>The sender gave no timestamp: the time of receipt stands in.</summary>
    ReceiveTime = 1,

    /// <summary>The sender's timestamp lies outside [now - 14 d, now + 10 min]: kept, but windowed by receive time.</summary>
    TimeSuspect = 2,

    /// <summary>A field was cut to its limit.</summary>
    Truncated = 4,

    /// <summary>The raw text could not be parsed and is kept whole as the body.</summary>
    ParseError = 8,

    /// <summary>Stored before, under an earlier sequence: only the engine takes it, by the time at which it was put in again.</summary>
    Retried = 16,
}
