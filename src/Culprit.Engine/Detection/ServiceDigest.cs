using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>What one service said since its last digest. Digests of one service can be merged in any order.</summary>
/// <remarks>A sampled record counts as many times as it has weight, so all numbers are of what was sent.</remarks>
internal sealed record ServiceDigest
{
    /// <summary>With 16 bytes for each of 512 quiet patterns and 24 for each of 256 durations, a digest stays below 64 KiB.</summary>
    internal const int MaxTextBytes = 40 * 1024;

    internal const int MaxQuiet = 512;
    internal const int MaxDurations = 256;

    public required string Service { get; init; }

    /// <summary>The second of event time that it is about, Unix seconds.</summary>
    public required long Second { get; init; }

    /// <summary>Records by level: debug, info, warn, error, fatal. Duplicates count.</summary>
    public required long[] ByLevel { get; init; }

    /// <summary>Records that repeat another within the dedupe window.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Newest event time, Unix nanoseconds.</summary>
    public required long LastNanos { get; init; }

    /// <summary>The WARN-and-worse patterns seen, as many as fit <see cref="MaxTextBytes"/>; the rest count by level only.</summary>
    public required IReadOnlyList<PatternCount> Patterns { get; init; }

    /// <summary>The INFO and DEBUG patterns with the largest counts; the rest count by level only.</summary>
    public IReadOnlyList<QuietCount> Quiet { get; init; } = [];

    /// <summary>Lengths of time that messages state, a few of each pattern.</summary>
    public IReadOnlyList<DurationSample> Durations { get; init; } = [];

    public long Records => ByLevel.Sum();

    public long Errors => ByLevel[3] + ByLevel[4];
}

/// <summary>How often one INFO or DEBUG pattern occurred.</summary>
internal readonly record struct QuietCount(PatternId Pattern, long Count);

/// <summary>One duration that a message of a pattern states.</summary>
internal readonly record struct DurationSample(PatternId Pattern, double Nanos);

/// <summary>How often one WARN-or-worse pattern occurred.</summary>
/// <param name="FirstNanos">Its earliest event time within the digest.</param>
/// <param name="Sample">One record of it.</param>
internal sealed record PatternCount(PatternId Pattern, Severity Severity, long Count, long FirstNanos, RecordRef Sample);
