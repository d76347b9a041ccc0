namespace Culprit.Server.Journal;

/// <summary>What stood at one place of a segment.</summary>
internal enum ScanOutcome
{
    /// <summary>A whole entry.</summary>
    Entry = 0,

    /// <summary>Bytes that are no entry; good ones follow.</summary>
    Damage = 1,

    /// <summary>Bytes that are no entry, up to the end.</summary>
    Tail = 2,

    /// <summary>Nothing more to read.</summary>
    End = 3,
}

/// <summary>Why bytes are no frame.</summary>
internal enum FrameFault
{
    None = 0,

    /// <summary>The file ends inside the frame, as when a write was cut short.</summary>
    Torn = 1,

    /// <summary>The header cannot belong at this place.</summary>
    BadHeader = 2,

    BadChecksum = 3,

    /// <summary>The checksum agrees, but the payload is not what this version writes.</summary>
    BadPayload = 4,
}

/// <summary>One step of a <see cref="FrameScanner"/>.</summary>
internal readonly record struct ScanStep(
    ScanOutcome Outcome, JournalEntry Entry, long Offset, long Length, FrameFault Fault);
