namespace Culprit.Server.Journal;

/// <summary>Why an append was refused; each is counted apart.</summary>
internal enum RefusalReason
{
    /// <summary>More waits for the disk than may.</summary>
    QueueFull = 0,

    /// <summary>The journal has reached 95 % of its quota: the consumers lag.</summary>
    QuotaReached = 1,

    /// <summary>The file system is (nearly) full; appends resume by themselves when space returns.</summary>
    DiskFull = 2,

    /// <summary>The disk failed twice in a row; appends resume after a restart.</summary>
    ReadOnly = 3,

    /// <summary>The journal is being closed.</summary>
    Closing = 4,

    /// <summary>One batch is larger than the whole queue may be.</summary>
    TooLarge = 5,
}
