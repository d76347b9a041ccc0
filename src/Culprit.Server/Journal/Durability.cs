namespace Culprit.Server.Journal;

/// <summary>What an acknowledgement means.</summary>
internal enum Durability
{
    /// <summary>The records are on stable storage: they survive a power cut.</summary>
    Sync = 0,

    /// <summary>The records are with the operating system: they survive a killed process, not a power cut.</summary>
    Async = 1,
}
