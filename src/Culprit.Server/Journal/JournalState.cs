namespace Culprit.Server.Journal;

/// <summary>Whether the journal takes appends.</summary>
internal enum JournalState
{
    Writable = 0,

    /// <summary>The disk is full; every few seconds an append is let through to try again.</summary>
    DiskFull = 1,

    /// <summary>The disk failed; nothing is taken until a restart.</summary>
    ReadOnly = 2,

    Closed = 3,
}
