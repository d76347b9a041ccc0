using System.Buffers;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What the words in front of a message look like: loggers, threads, services, callers, process numbers.</summary>
internal static class HeadWord
{
    private static readonly SearchValues<byte> ProcessBytes = SearchValues.Create("0123456789:#"u8);

    private static readonly SearchValues<byte> ServiceBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-"u8);

    public static ReadOnlySpan<byte> SkipSeparators(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var c = text[0];
            var isAlone = text.Length == 1 || text[1] is (byte)' ' or (byte)'\t';
            if (c is (byte)' ' or (byte)'\t' or (byte)'|' || (isAlone && c is (byte)'-' or (byte)':'))
            {
                text = text[1..];
            }
            else if (text.StartsWith("--- "u8) || text.StartsWith("-- "u8))
            {
                text = text[text.IndexOf((byte)' ')..];
            }
            else
            {
                break;
            }
        }

        return text;
    }

    /// <summary>.NET's console: <c>Namespace.Category[14]</c>; the message may stand on the next line.</summary>
    public static bool TryReadCategory(ReadOnlySpan<byte> word, out ReadOnlySpan<byte> category, out ReadOnlySpan<byte> eventId)
    {
        category = eventId = default;
        var open = word.IndexOf((byte)'[');
        if (open <= 0 || word[^1] != (byte)']' || !ByteText.IsNumber(word[(open + 1)..^1]) || !ByteText.IsIdentifier(word[..open]))
        {
            return false;
        }

        category = word[..open];
        eventId = word[(open + 1)..^1];
        return true;
    }

    /// <summary>A word that stands alone by its punctuation: <c>a.b.C:</c>, <c>name - </c>, <c>name : </c>, tabs, bars.</summary>
    public static bool IsSetOff(ReadOnlySpan<byte> word, bool isMarked, ReadOnlySpan<byte> after) =>
        (isMarked && (word.IndexOf((byte)'.') > 0 || word.IndexOf("::"u8) > 0 || IsCaller(word, isMarked: true)))
        || after.StartsWith(" - "u8) || after.StartsWith(" : "u8) || (!after.IsEmpty && after[0] is (byte)'\t' or (byte)'|')
        || after.StartsWith(" | "u8) || IsPadded(after) || after.StartsWith(" ["u8) && word.IndexOf((byte)'.') > 0 && word.Length > 4;

    /// <summary>Spring pads the logger's name to a width: spaces, then a colon.</summary>
    public static bool IsPadded(ReadOnlySpan<byte> after)
    {
        var rest = ByteText.TrimStart(after);
        return rest.Length < after.Length && rest.StartsWith(": "u8);
    }

    /// <summary>An exception's name begins a message; it is no logger.</summary>
    public static bool IsExceptionName(ReadOnlySpan<byte> word) => word.EndsWith("Exception"u8) || word.EndsWith("Error"u8);

    /// <summary>Tomcat sets nothing between <c>org.apache.a.B.method</c> and the message.</summary>
    public static bool IsQualified(ReadOnlySpan<byte> word) =>
        word.Count((byte)'.') >= 3 && word[0] is >= (byte)'a' and <= (byte)'z' && word.IndexOfAnyInRange((byte)'A', (byte)'Z') > 0;

    public static bool IsLoggerName(ReadOnlySpan<byte> word)
    {
        if (word.Length < 2 || !(ByteText.IsLetter(word[0]) || word[0] == (byte)'_'))
        {
            return false;
        }

        foreach (var c in word)
        {
            if (!ByteText.IsWord(c) && c is not ((byte)'.' or (byte)'-' or (byte)'$' or (byte)':' or (byte)'/' or (byte)'@' or (byte)'<' or (byte)'>' or (byte)'#'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A source file and line: <c>main.go:12</c>, <c>pkg/file.py:3</c>.</summary>
    public static bool IsCaller(ReadOnlySpan<byte> word, bool isMarked)
    {
        var colon = word.LastIndexOf((byte)':');
        return isMarked && colon > 3 && ByteText.IsNumber(word[(colon + 1)..]) && word[..colon].IndexOf((byte)'.') > 0 && IsLoggerName(word);
    }

    public static bool IsLevelNext(ReadOnlySpan<byte> after)
    {
        after = ByteText.TrimStart(after);
        var word = ByteText.FirstWord(after);
        if (word.Length > 1 && word[^1] == (byte)':')
        {
            word = word[..^1];
        }

        if (word.Length > 2 && word[0] == (byte)'[' && word[^1] == (byte)']')
        {
            return LevelWord.TryParseMarked(word[1..^1], out _);
        }

        var bar = word.IndexOf((byte)'|');
        word = bar > 0 ? word[..bar] : word;
        return LevelWord.TryParseBare(word, out _) || (word.Length == 1 && after.Length > 2 && LevelWord.TryParseMarked(word, out _));
    }

    public static bool IsProcessNext(ReadOnlySpan<byte> after)
    {
        var word = ByteText.FirstWord(ByteText.TrimStart(after));
        return ByteText.IsNumber(word) && IsLevelNext(ByteText.TrimStart(after)[word.Length..]);
    }

    /// <summary>A class name follows, perhaps behind the level: then what stood in the brackets was a thread.</summary>
    public static bool IsLoggerNext(ReadOnlySpan<byte> after)
    {
        var rest = SkipSeparators(after);
        var word = ByteText.FirstWord(rest);
        if (LevelWord.TryParseBare(word, out _))
        {
            rest = SkipSeparators(rest[word.Length..]);
            word = ByteText.FirstWord(rest);
        }

        var tail = rest[word.Length..];
        var isMarked = word.Length > 1 && word[^1] == (byte)':';
        word = isMarked ? word[..^1] : word;
        return IsLoggerName(word) && (IsSetOff(word, isMarked, tail) || IsPadded(tail));
    }

    public static bool IsProcess(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("pid "u8))
        {
            return true;
        }

        return ByteText.IsDigit(content[0]) && content.IndexOfAnyExcept(ProcessBytes) < 0;
    }

    public static bool LooksLikeService(ReadOnlySpan<byte> name) =>
        name.IndexOfAnyInRange((byte)'A', (byte)'Z') < 0 ? name.IndexOf((byte)'/') < 0 : name.EndsWith("Service"u8);

    public static bool IsThreadName(ReadOnlySpan<byte> content) =>
        content.IndexOf((byte)'"') < 0 && (content.IndexOf((byte)'=') < 0 || content.IndexOf((byte)'[') > 0) && (content.IndexOf((byte)' ') < 0 || LooksLikeThread(content)
            || content.IndexOf("hread"u8) >= 0);

    public static bool LooksLikeThread(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("main"u8) || name.SequenceEqual("MainThread"u8) || name.IndexOf("hread"u8) >= 0
            || name.IndexOf("-exec"u8) >= 0 || name.IndexOf("pool-"u8) >= 0 || name.IndexOf("nio-"u8) >= 0
            || name.IndexOf("qtp"u8) >= 0 || name.IndexOf("reactor"u8) >= 0 || name.IndexOf("dispatcher"u8) >= 0
            || name.StartsWith("scheduling"u8) || name.StartsWith("ForkJoin"u8))
        {
            return true;
        }

        var dash = name.LastIndexOf((byte)'-');
        return dash > 0 && ByteText.IsNumber(name[(dash + 1)..]);
    }

    /// <summary>Small letters, digits and separators: how services are named and sentences rarely begin.</summary>
    public static bool IsServiceWord(ReadOnlySpan<byte> word) =>
        word.Length is >= 2 and <= 64 && word[0] is >= (byte)'a' and <= (byte)'z' && ByteText.IsWord(word[^1])
        && word.IndexOfAnyExcept(ServiceBytes) < 0;
}
