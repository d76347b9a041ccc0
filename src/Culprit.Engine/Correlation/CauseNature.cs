namespace Culprit.Engine.Correlation;

/// <summary>What kind of trouble a cause is, where that is not what its callers see of it.</summary>
internal enum CauseNature : byte
{
    Other = 0,

    /// <summary>It ran out of memory, and said so soon after the trouble began.</summary>
    OutOfMemory = 1,

    /// <summary>It gives up waiting for services that work as always.</summary>
    GivesUpTooSoon = 2,
}
