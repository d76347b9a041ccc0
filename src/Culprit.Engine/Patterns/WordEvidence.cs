namespace Culprit.Engine.Patterns;

/// <summary>How much one more word in a place tells that the place is variable, by what the word looks like and where it stands.</summary>
/// <remarks>
/// States, verbs and methods are plain words in plain places: many of them must be seen. Names look like names
/// (<c>com.example.App</c>, <c>node-a</c>) or stand where names stand (<c>user X</c>, <c>"X"</c>, <c>from X</c>): few are
/// enough. Both depend on the line alone, so neither order nor shard changes them.
/// </remarks>
internal static class WordEvidence
{
    private const int Capitals = 1;
    private const int Plain = 2;
    private const int Hyphenated = 3;
    private const int SomePlace = 1;

    /// <summary>Points that make a place variable.</summary>
    public static int Needed(PatternOptions options) => Plain * options.DistinctWords;

    private static readonly HashSet<ulong> Prepositions = Hashes(
        "for from by to on in at of with via into onto as using through against under over within "
        + "after before named called");

    // Nouns behind which a name follows.
    private static readonly HashSet<ulong> NamingNouns = Hashes(
        "user username account login owner group role client server host hostname node machine peer service daemon process program app "
        + "application module plugin driver component package library class type kind interface device disk volume partition mount "
        + "filesystem channel queue topic stream table relation index column database schema db collection bucket key container pod "
        + "image cluster region zone namespace job task worker thread pool session connection command method function action event "
        + "option property attribute parameter variable field name file directory folder path upstream backend vhost site domain "
        + "project target");

    /// <summary>What the word in this place counts.</summary>
    public static int Of(Skeleton skeleton, int place, PatternOptions options)
    {
        ref readonly var piece = ref skeleton.Pieces[place];
        var shape = piece.Kind == TokenKind.Numbered ? options.IdentifierPoints : ShapeOf(skeleton.TextOf(piece), options);
        var cue = OfPlace(skeleton, place, options);

        // Never one word alone: a place varies when two values were seen.
        return shape == Capitals ? (cue + 1) / 2 : Math.Min(shape * cue, Needed(options) / 2);
    }

    // Marks and capitals inside a word make it an identifier; one in capitals only is a state as often as a name.
    private static int ShapeOf(ReadOnlySpan<byte> word, PatternOptions options)
    {
        var lower = false;
        var upper = false;
        var humps = false;
        var hyphens = 0;
        var marks = 0;
        for (var i = 0; i < word.Length; i++)
        {
            var c = word[i];
            var isUpper = char.IsAsciiLetterUpper((char)c);
            humps |= i > 0 && isUpper && char.IsAsciiLetterLower((char)word[i - 1]);
            upper |= isUpper;
            lower |= char.IsAsciiLetterLower((char)c);
            var isInside = i > 0 && i + 1 < word.Length && ByteClasses.IsMark(c);
            hyphens += isInside && c == (byte)'-' ? 1 : 0;
            marks += isInside && c != (byte)'-' ? 1 : 0;
        }

        return upper && !lower ? Capitals : humps || marks > 0 ? options.IdentifierPoints : hyphens > 0 ? Hyphenated : Plain;
    }

    private static int OfPlace(Skeleton skeleton, int place, PatternOptions options)
    {
        var before = skeleton.SeparatorBefore(place);
        var after = skeleton.SeparatorAfter(place);
        if (before.Length > 0 && IsPair(before[^1], after.Length > 0 ? after[0] : (byte)0))
        {
            return options.NamingFactor;
        }

        if (after is [(byte)'[', ..] && place + 1 < skeleton.Pieces.Length && skeleton.Pieces[place + 1].IsVariable)
        {
            return options.NamingFactor; // "daemon[123]"
        }

        if (place == 0 || skeleton.Pieces[place - 1].Kind != TokenKind.Literal)
        {
            return SomePlace;
        }

        if (before is [(byte)' '] or [(byte)':', (byte)' '] or [(byte)':'])
        {
            var previous = skeleton.Pieces[place - 1].Hash;
            return NamingNouns.Contains(previous) ? options.NamingFactor
                : before[0] == (byte)':' || Prepositions.Contains(previous) ? options.PrepositionFactor
                : SomePlace;
        }

        return SomePlace;
    }

    private static bool IsPair(byte open, byte close) => open switch
    {
        (byte)'(' => close == (byte)')',
        (byte)'[' => close == (byte)']',
        (byte)'{' => close == (byte)'}',
        (byte)'<' => close == (byte)'>',
        (byte)'"' or (byte)'\'' or (byte)'`' => close == open,
        _ => false,
    };

    private static HashSet<ulong> Hashes(string words) =>
        [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Hash64.Of(System.Text.Encoding.UTF8.GetBytes(w)))];
}
