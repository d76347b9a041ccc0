namespace Culprit.Engine.Patterns;

/// <summary>Bounds and thresholds of one <see cref="PatternMiner"/>; the defaults fit every system.</summary>
internal sealed record PatternOptions
{
    /// <summary>Skeletons kept, templates included. Default 16,384; the least recently seen leaves first.</summary>
    /// <remarks>A skeleton that left and returns has the same id again. Raising it costs about 1 KiB each.</remarks>
    public int MaxPatterns { get; init; } = 16_384;

    /// <summary>Skeletons of one pattern kept. Default 128; further ones get the pattern's id at first sight.</summary>
    public int MaxCases { get; init; } = 128;

    /// <summary>Open questions "is this word variable?" kept. Default 32,768; the least recently touched leaves first.</summary>
    public int MaxHoles { get; init; } = 32_768;

    /// <summary>Distinct words in one place before it becomes a variable, if nothing else speaks for it. Default 6.</summary>
    /// <remarks>
    /// Each word counts points (see <see cref="WordEvidence"/>), a plain one 2; twice this many points are needed.
    /// Lowering it merges states and HTTP methods; raising it keeps user names apart for longer.
    /// </remarks>
    public int DistinctWords { get; init; } = 6;

    /// <summary>What a word counts that looks like an identifier (<c>com.example.App</c>, <c>sda1</c>). Default 5; a plain one counts 2.</summary>
    public int IdentifierPoints { get; init; } = 5;

    /// <summary>How many times more a word counts behind a preposition or a colon. Default 2.</summary>
    public int PrepositionFactor { get; init; } = 2;

    /// <summary>The same behind a noun that names (<c>user X</c>), and alone in quotes or brackets. Default 4.</summary>
    public int NamingFactor { get; init; } = 4;

    /// <summary>Distinct contents of brackets, or first words in parentheses and quotes, before the whole varies. Default 12.</summary>
    public int DistinctSegments { get; init; } = 12;

    /// <summary>Distinct contents before everything behind "four words and a colon: " varies as a whole. Default 32.</summary>
    /// <remarks>Lowering it merges lists of different reasons; raising it keeps free text apart for longer.</remarks>
    public int DistinctTails { get; init; } = 32;

    /// <summary>Phrases that differ in every word before a variable stands for several words. Default 3.</summary>
    public int DistinctPhrases { get; init; } = 3;

    /// <summary>Literal words that must remain when a position becomes variable. Default 2.</summary>
    public int MinLiterals { get; init; } = 2;

    /// <summary>Skeletons of one frame (same separators, same number of words) compared with one another. Default 96.</summary>
    /// <remarks>Raising it finds variables in more crowded frames and makes a first sight slower.</remarks>
    public int FrameSize { get; init; } = 96;

    /// <summary>Words remembered as values, so that two of them suffice elsewhere. Default 32,768.</summary>
    public int MaxValueWords { get; init; } = 32_768;

    /// <summary>Aliases kept for <see cref="PatternMiner.Resolve"/> after their skeleton left. Default 65,536.</summary>
    public int MaxAliases { get; init; } = 65_536;
}
