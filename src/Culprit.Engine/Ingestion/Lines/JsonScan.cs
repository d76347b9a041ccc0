using System.Buffers;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Finds the end of JSON values and checks them, without exceptions: hostile files hold millions of bad ones.</summary>
internal static class JsonScan
{
    public const int MaxDepth = 32;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    public static int SkipSpace(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            at++;
        }

        return at;
    }

    /// <summary>The position behind the string whose opening quote stands at <paramref name="at"/>; -1 when it is not valid.</summary>
    public static int SkipString(ReadOnlySpan<byte> text, int at, out bool isEscaped)
    {
        isEscaped = false;
        for (at++; ;)
        {
            var run = text[at..].IndexOfAny(StringStops);
            if (run < 0)
            {
                return -1;
            }

            at += run;
            if (text[at] == (byte)'"')
            {
                return at + 1;
            }

            if (text[at] != (byte)'\\' || (at = SkipEscape(text, at)) < 0)
            {
                return -1;
            }

            isEscaped = true;
        }
    }

    /// <summary>The position behind the value that begins at <paramref name="at"/>; -1 when it is not valid.</summary>
    public static int SkipValue(ReadOnlySpan<byte> text, int at, int depth = 0)
    {
        if (at >= text.Length || depth > MaxDepth)
        {
            return -1;
        }

        switch (text[at])
        {
            case (byte)'"':
                return SkipString(text, at, out _);
            case (byte)'{':
                return SkipObject(text, at, depth);
            case (byte)'[':
                return SkipArray(text, at, depth);
            case (byte)'t':
                return text[at..].StartsWith("true"u8) ? at + 4 : -1;
            case (byte)'f':
                return text[at..].StartsWith("false"u8) ? at + 5 : -1;
            case (byte)'n':
                return text[at..].StartsWith("null"u8) ? at + 4 : -1;
            default:
                return SkipNumber(text, at);
        }
    }

    /// <summary>Reads the next member of an object; <paramref name="at"/> stands behind the brace or the last value.</summary>
    /// <returns>False at the closing brace (then <paramref name="at"/> is behind it) or on bad JSON (then -1).</returns>
    public static bool NextMember(ReadOnlySpan<byte> text, ref int at, bool isFirst, out JsonMember member, int depth = 0)
    {
        member = default;
        at = SkipSpace(text, at);
        if (at < text.Length && text[at] == (byte)'}')
        {
            at++;
            return false;
        }

        if (!isFirst)
        {
            if (at >= text.Length || text[at] != (byte)',')
            {
                at = -1;
                return false;
            }

            at = SkipSpace(text, at + 1);
        }

        if (at >= text.Length || text[at] != (byte)'"')
        {
            at = -1;
            return false;
        }

        var start = at;
        var nameEnd = SkipString(text, at, out _);
        var colon = nameEnd < 0 ? -1 : SkipSpace(text, nameEnd);
        if (colon < 0 || colon >= text.Length || text[colon] != (byte)':')
        {
            at = -1;
            return false;
        }

        var value = SkipSpace(text, colon + 1);
        var isEscaped = false;
        at = value < text.Length && text[value] == (byte)'"' ? SkipString(text, value, out isEscaped) : SkipValue(text, value, depth + 1);
        if (at < 0)
        {
            return false;
        }

        member = new JsonMember(start, nameEnd, value, at, isEscaped);
        return true;
    }

    private static int SkipObject(ReadOnlySpan<byte> text, int at, int depth)
    {
        at++;
        var isFirst = true;
        while (NextMember(text, ref at, isFirst, out _, depth))
        {
            isFirst = false;
        }

        return at;
    }

    private static int SkipArray(ReadOnlySpan<byte> text, int at, int depth)
    {
        at = SkipSpace(text, at + 1);
        if (at < text.Length && text[at] == (byte)']')
        {
            return at + 1;
        }

        while (true)
        {
            at = SkipValue(text, at, depth + 1);
            if (at < 0 || (at = SkipSpace(text, at)) >= text.Length)
            {
                return -1;
            }

            if (text[at] == (byte)']')
            {
                return at + 1;
            }

            if (text[at] != (byte)',')
            {
                return -1;
            }

            at = SkipSpace(text, at + 1);
        }
    }

    private static int SkipNumber(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] == (byte)'-')
        {
            at++;
        }

        var first = at;
        at = SkipDigits(text, at);
        if (at == first || (text[first] == (byte)'0' && at > first + 1))
        {
            return -1;
        }

        if (at < text.Length && text[at] == (byte)'.')
        {
            var from = at + 1;
            at = SkipDigits(text, from);
            if (at == from)
            {
                return -1;
            }
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-')
            {
                at++;
            }

            var from = at;
            at = SkipDigits(text, from);
            return at == from ? -1 : at;
        }

        return at;
    }

    private static int SkipDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && ByteText.IsDigit(text[at]))
        {
            at++;
        }

        return at;
    }

    private static int SkipEscape(ReadOnlySpan<byte> text, int at)
    {
        if (at + 1 >= text.Length)
        {
            return -1;
        }

        switch (text[at + 1])
        {
            case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                return at + 2;
            case (byte)'u':
                var unit = Hex4(text, at + 2);
                if (unit < 0 || char.IsLowSurrogate((char)unit))
                {
                    return -1;
                }

                if (!char.IsHighSurrogate((char)unit))
                {
                    return at + 6;
                }

                var low = at + 7 < text.Length && text[at + 6] == (byte)'\\' && text[at + 7] == (byte)'u' ? Hex4(text, at + 8) : -1;
                return low >= 0 && char.IsLowSurrogate((char)low) ? at + 12 : -1;
            default:
                return -1;
        }
    }

    /// <summary>Four hex digits, or -1.</summary>
    public static int Hex4(ReadOnlySpan<byte> text, int at)
    {
        if (at + 4 > text.Length || !ByteText.IsHex(text.Slice(at, 4)))
        {
            return -1;
        }

        var value = 0;
        for (var i = at; i < at + 4; i++)
        {
            var c = text[i];
            value = (value << 4) | (c <= (byte)'9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return value;
    }
}
