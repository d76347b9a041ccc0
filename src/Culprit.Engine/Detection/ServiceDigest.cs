using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>What one service said since its last digest. Digests of one service can be merged in any order.</summary>
/// <remarks>A sampled record counts as many times as it has weight, so all numbers are of what was sent.</remarks>
internal sealed record ServiceDigest
{
    public required string Service { get; init; }

    /// <summary>Records by level: debug, info, warn, error, fatal. Duplicates count.</summary>
    public required long[] ByLevel { get; init; }

    /// <summary>Records that repeat another within the dedupe window.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Newest event time, Unix nanoseconds.</summary>
    public required long LastNanos { get; init; }

    /// <summary>The WARN-and-worse patterns seen.</summary>
    public required IReadOnlyList<PatternCount> Patterns { get; init; }

    public long Records => ByLevel.Sum();

    public long Errors => ByLevel[3] + ByLevel[4];
}

/// <summary>How often one WARN-or-worse pattern occurred.</summary>
/// <param name="FirstNanos">Its earliest event time within the digest.</param>
/// <param name="Sample">One record of it.</param>
internal sealed record PatternCount(PatternId Pattern, Severity Severity, long Count, long FirstNanos, RecordRef Sample);
