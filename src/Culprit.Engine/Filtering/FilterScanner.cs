using System.Globalization;
using System.Text;

namespace Culprit.Engine.Filtering;

/// <summary>Reads the smallest pieces of a filter's text, and keeps the first error.</summary>
internal sealed class FilterScanner(string text)
{
    public const int MaxStringLength = 1024;

    public string Text { get; } = text;

    public int Position { get; private set; }

    public FilterError? Error { get; private set; }

    public bool IsAtEnd => Position >= Text.Length;

    private char Current => IsAtEnd ? '\0' : Text[Position];

    /// <summary>Remembers the error unless there is one already; always false, so that callers can return it.</summary>
    public bool Fail(string problem, string expected, int? at = null)
    {
        Error ??= new FilterError(Text, at ?? Position, problem, expected);
        return false;
    }

    /// <summary>The error of a piece that cannot stand here.</summary>
    public bool FailHere(string expected)
    {
        SkipSpace();
        if (IsAtEnd)
        {
            return Fail("the text ends too early", expected);
        }

        var end = Position;
        while (end < Text.Length && end - Position < 30 && FilterText.IsWordPart(Text[end]))
        {
            end++;
        }

        var found = end > Position ? Text[Position..end] : !FilterText.IsPrintable(Current)
            ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)Current:X4}") : Current.ToString();
        return Fail($"unexpected '{found}'", expected);
    }

    public void SkipSpace()
    {
        while (!IsAtEnd && Current is ' ' or '\t' or '\r' or '\n')
        {
            Position++;
        }
    }

    /// <summary>Takes a symbol when it comes next.</summary>
    public bool TryTake(string symbol)
    {
        SkipSpace();
        if (!Text.AsSpan(Position).StartsWith(symbol, StringComparison.Ordinal))
        {
            return false;
        }

        Position += symbol.Length;
        return true;
    }

    public bool Take(string symbol, string expected) => TryTake(symbol) || FailHere(expected);

    /// <summary>Takes a word of the language, in any case, when it comes next as a whole.</summary>
    public bool TryTakeWord(string word)
    {
        var start = Position;
        if (PeekWord().Equals(word, StringComparison.OrdinalIgnoreCase))
        {
            SkipSpace();
            Position += word.Length;
            return true;
        }

        Position = start;
        return false;
    }

    /// <summary>The word that comes next, or nothing; a word is letters, digits and underscores.</summary>
    public ReadOnlySpan<char> PeekWord()
    {
        SkipSpace();
        var end = Position;
        if (!IsAtEnd && FilterText.IsWordStart(Current))
        {
            while (end < Text.Length && FilterText.IsWordPart(Text[end]))
            {
                end++;
            }
        }

        return Text.AsSpan(Position, end - Position);
    }

    public string TakeWord()
    {
        var word = PeekWord().ToString();
        Position += word.Length;
        return word;
    }

    public bool IsNext(char c)
    {
        SkipSpace();
        return !IsAtEnd && Current == c;
    }

    /// <summary>True when a number begins here.</summary>
    public bool IsNumberNext()
    {
        SkipSpace();
        return !IsAtEnd && (char.IsAsciiDigit(Current) || Current == '-');
    }

    /// <summary>Letters, digits and dashes of a path; may be nothing.</summary>
    public string TakeSegment()
    {
        var start = Position;
        while (!IsAtEnd && FilterText.IsSegmentPart(Current))
        {
            Position++;
        }

        return Text[start..Position];
    }

    /// <summary>Digits with the unit after them, without space: <c>5s</c>.</summary>
    public bool TakeDuration(out TimeSpan duration)
    {
        SkipSpace();
        var start = Position;
        while (!IsAtEnd && char.IsAsciiLetterOrDigit(Current))
        {
            Position++;
        }

        return FilterText.TryParseDuration(Text.AsSpan(start, Position - start), out duration)
            || Fail("no duration", "1ms to 7d, such as 500ms, 5s, 1m, 2h or 1d", start);
    }

    public bool TakeNumber(out double number)
    {
        SkipSpace();
        var start = Position;
        while (!IsAtEnd && (char.IsAsciiLetterOrDigit(Current) || Current is '.'
            || (Current is '-' or '+' && (Position == start || Text[Position - 1] is 'e' or 'E'))))
        {
            Position++;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return (double.TryParse(Text.AsSpan(start, Position - start), Style, CultureInfo.InvariantCulture, out number) && double.IsFinite(number))
            || Fail("no number", "a number such as 500, -3 or 0.25", start);
    }

    /// <summary>Text in double quotes, with <c>\" \\ \n \r \t \uXXXX</c>.</summary>
    public bool TakeString(out string value)
    {
        value = string.Empty;
        SkipSpace();
        var start = Position;
        if (!TryTake("\""))
        {
            return FailHere("a text in double quotes");
        }

        var built = new StringBuilder();
        while (!IsAtEnd && Current != '"')
        {
            if (built.Length >= MaxStringLength)
            {
                return Fail($"the text is longer than {MaxStringLength} characters", "", start);
            }

            if (Current == '\\' ? !TakeEscape(built) : !TakePlain(built))
            {
                return false;
            }
        }

        value = built.ToString();
        return TryTakeHere('"') || Fail("the text has no end", "a double quote after it", start);
    }

    /// <summary>An expression between slashes, in which <c>\/</c> stands for a slash.</summary>
    public bool TakePattern(out string pattern)
    {
        var start = Position;
        var built = new StringBuilder();
        pattern = string.Empty;
        Position++;
        while (!IsAtEnd && Current != '/')
        {
            if (Current == '\\' && Position + 1 < Text.Length)
            {
                built.Append(Current);
                Position++;
            }

            built.Append(Current);
            Position++;
        }

        pattern = built.ToString();
        return TryTakeHere('/') || Fail("the regular expression has no end", "a slash after it", start);
    }

    private bool TryTakeHere(char c)
    {
        if (IsAtEnd || Current != c)
        {
            return false;
        }

        Position++;
        return true;
    }

    private bool TakePlain(StringBuilder built)
    {
        built.Append(Current);
        Position++;
        return true;
    }

    private bool TakeEscape(StringBuilder built)
    {
        var start = Position++;
        var c = Current;
        Position++;
        switch (c)
        {
            case '"' or '\\':
                built.Append(c);
                return true;
            case 'n':
                built.Append('\n');
                return true;
            case 'r':
                built.Append('\r');
                return true;
            case 't':
                built.Append('\t');
                return true;
            case 'u' when Position + 4 <= Text.Length && ushort.TryParse(
                Text.AsSpan(Position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                built.Append((char)code);
                Position += 4;
                return true;
            default:
                Position = start;
                return Fail("unknown escape", "\\\" \\\\ \\n \\r \\t or \\u with four hexadecimal digits");
        }
    }
}
