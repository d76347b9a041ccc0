namespace Culprit.Engine.Extending;

/// <summary>What one service logged between two ticks. Immutable.</summary>
/// <param name="At">The tick that ended it.</param>
/// <param name="Duplicates">Records that repeat another within the dedupe window; they count in the levels too.</param>
/// <param name="Patterns">Patterns of level warn and worse.</param>
public sealed record ServiceSecond(
    string Environment,
    string Service,
    DateTimeOffset At,
    long Debug,
    long Info,
    long Warn,
    long Error,
    long Fatal,
    long Duplicates,
    IReadOnlyList<PatternSecond> Patterns)
{
    public long Records => Debug + Info + Warn + Error + Fatal;
}

/// <summary>How often one pattern of level warn or worse occurred between two ticks.</summary>
/// <param name="Id">Stable while the pattern is.</param>
/// <param name="Text">The constant text, with <c>&lt;*&gt;</c> for what varies.</param>
/// <param name="Level">The worst: warn, error or fatal.</param>
/// <param name="Sample">One record of it.</param>
public sealed record PatternSecond(string Id, string Text, string Level, long Count, RecordView Sample);
