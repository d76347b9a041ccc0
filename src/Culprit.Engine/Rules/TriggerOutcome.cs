namespace Culprit.Engine.Rules;

/// <summary>What becomes of an event after a call.</summary>
internal enum TriggerOutcome : byte
{
    Done,
    WillRetry,

    /// <summary>Called often enough in vain.</summary>
    Dead,

    /// <summary>Made by a replay, and called in vain: that is told, and nothing is kept of it.</summary>
    Abandoned,
}
