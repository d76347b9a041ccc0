using System.Buffers;

namespace Culprit.Engine.Patterns;

/// <content>The typed masks: each takes a start and returns where the value ends.</content>
internal sealed partial class LineScanner
{
    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789.+-~"u8);

    private int ClassifyNumber(ReadOnlySpan<byte> line, int separatorStart, int start, int end, byte after)
    {
        // "<1 sec", ">5": the sign belongs to the number.
        if (start - separatorStart >= 2 && line[start - 1] is (byte)'<' or (byte)'>' && line[start - 2] <= ' ' && !IsClosedAfter(line, start))
        {
            start--;
        }

        if (after == (byte)':' && EndOfHexGroups(line, start) is var groups && groups > end)
        {
            return AddVariable(line, separatorStart, start, groups, TokenKind.Masked);
        }

        var unitStart = end;
        while (unitStart > start && (IsLetter(line[unitStart - 1]) || line[unitStart - 1] is (byte)'%' or >= 0x80))
        {
            unitStart--;
        }

        if (unitStart < end)
        {
            if (!IsPlainNumber(line[start..unitStart]) || !Units.IsUnit(line[unitStart..end]))
            {
                // "0x1f", "3rd", "5f3a-…": an id, not a quantity.
                return AddVariable(line, separatorStart, start, end, TokenKind.Masked);
            }

            // A unit glued to its number is part of the value; one that stands apart is shown.
            return AddVariable(line, separatorStart, start, EndOfParenthesis(line, end), TokenKind.Number);
        }

        if (after == (byte)' ' && end + 1 < line.Length && (IsLetter(line[end + 1]) || line[end + 1] is (byte)'%' or >= 0x80))
        {
            var unitEnd = Math.Min(_classes.NextSeparator(end + 1), line.Length);
            while (unitEnd - end > 2 && line[unitEnd - 1] == (byte)'.')
            {
                unitEnd--;
            }

            var followedByKey = unitEnd < line.Length && line[unitEnd] is (byte)'=';
            if (!followedByKey && Units.IsUnitWord(line[(end + 1)..unitEnd]))
            {
                var whole = EndOfParenthesis(line, unitEnd);
                return AddVariable(line, separatorStart, start, whole, TokenKind.Number, whole == unitEnd ? unitEnd - end : 0);
            }
        }

        return AddVariable(line, separatorStart, start, end, TokenKind.Number);
    }

    private static bool IsPlainNumber(ReadOnlySpan<byte> word) => !word.ContainsAnyExcept(NumberBytes);

    // " (1.2 KB)" after a size repeats it for people.
    private static int EndOfParenthesis(ReadOnlySpan<byte> line, int at)
    {
        if (at + 4 >= line.Length || line[at] != (byte)' ' || line[at + 1] != (byte)'(' || !IsDigit(line[at + 2]))
        {
            return at;
        }

        var i = at + 2;
        while (i < line.Length && (IsDigit(line[i]) || line[i] is (byte)'.' or (byte)','))
        {
            i++;
        }

        if (i < line.Length && line[i] == (byte)' ')
        {
            i++;
        }

        var unit = i;
        while (i < line.Length && (IsLetter(line[i]) || line[i] == (byte)'%'))
        {
            i++;
        }

        return i < line.Length && line[i] == (byte)')' && i > unit && Units.IsUnit(line[unit..i]) ? i + 1 : at;
    }

    // A word before ':' or '@': URL, Windows path, host:port, MAC or IPv6 address, mail address.
    private int EndOfMaskedWord(ReadOnlySpan<byte> line, int start, int end, byte after)
    {
        if (end + 1 >= line.Length)
        {
            return end;
        }

        var next = line[end + 1];
        if (after == (byte)'@')
        {
            var domainEnd = Math.Min(_classes.NextSeparator(end + 1), line.Length);
            return domainEnd - end > 3 && IsLetter(line[domainEnd - 1]) && line[(end + 1)..domainEnd].Contains((byte)'.') ? domainEnd : end;
        }

        if (next == (byte)'/' && end + 2 < line.Length && line[end + 2] == (byte)'/')
        {
            return EndOfUrl(line, end + 3);
        }

        if (end - start == 1 && next is (byte)'\\' or (byte)'/')
        {
            return EndOfPath(line, Math.Min(_classes.NextSeparator(end + 1), line.Length), (byte)' ');
        }

        if (IsHex(line[start]) && end - start <= 4 && EndOfHexGroups(line, start) is var groups && groups > end)
        {
            return groups;
        }

        if (IsDigit(next) && IsPort(line, end + 1) && (line[start..end].Contains((byte)'.') || line[start..end].SequenceEqual("localhost"u8)))
        {
            return Math.Min(_classes.NextSeparator(end + 1), line.Length);
        }

        return end;
    }

    private static bool IsPort(ReadOnlySpan<byte> line, int at)
    {
        var digits = 0;
        while (at + digits < line.Length && IsDigit(line[at + digits]))
        {
            digits++;
        }

        return digits is >= 2 and <= 5 && (at + digits == line.Length || ByteClasses.IsSeparator(line[at + digits]) || line[at + digits] is (byte)'/' or (byte)'.');
    }

    private static int EndOfUrl(ReadOnlySpan<byte> line, int at)
    {
        var start = at;
        while (at < line.Length && line[at] > ' ' && line[at] is not ((byte)'"' or (byte)'<' or (byte)'>' or (byte)'`'))
        {
            at++;
        }

        while (at > start && line[at - 1] is (byte)'.' or (byte)',' or (byte)';' or (byte)':' or (byte)')' or (byte)']' or (byte)'}' or (byte)'\'')
        {
            at--;
        }

        return at;
    }

    private static bool IsPathStart(ReadOnlySpan<byte> line, int start, int end)
    {
        var c = line[start];
        if (c == (byte)'/')
        {
            return end - start > 1;
        }

        if (c == (byte)'~')
        {
            return end - start > 2 && line[start + 1] == (byte)'/';
        }

        // "./x", "../x", ".../x".
        var at = start;
        while (at < end && line[at] == (byte)'.')
        {
            at++;
        }

        return at > start && at + 1 < end && line[at] == (byte)'/';
    }

    private static int EndOfPath(ReadOnlySpan<byte> line, int end, byte after)
    {
        if (after == (byte)'?')
        {
            return EndOfUrl(line, end);
        }

        return end;
    }

    // "FF:F2:9F:16:E2:23", "fe80::1": at least five groups, or three with "::" and a digit.
    private static int EndOfHexGroups(ReadOnlySpan<byte> line, int start)
    {
        var at = start;
        var groups = 0;
        var digits = 0;
        var gap = false;
        while (at < line.Length)
        {
            var from = at;
            while (at < line.Length && at - from < 5 && IsHex(line[at]))
            {
                digits += IsDigit(line[at]) ? 1 : 0;
                at++;
            }

            if (at - from is 0 or 5)
            {
                break;
            }

            groups++;
            if (at + 1 >= line.Length || line[at] != (byte)':')
            {
                break;
            }

            if (line[at + 1] == (byte)':')
            {
                gap = true;
                at++;
            }

            if (at + 1 >= line.Length || !IsHex(line[at + 1]))
            {
                break;
            }

            at++;
        }

        var isEnd = at >= line.Length || (!IsLetter(line[at]) && !IsDigit(line[at]) && line[at] != (byte)'_');
        return isEnd && digits > 0 && (groups >= 5 || (gap && groups >= 3)) ? at : start;
    }

    // "proxy.example.com", but not "org.apache.log": lower case, and the end is a well-known top-level domain.
    internal static bool IsHostName(ReadOnlySpan<byte> line, int start, int end)
    {
        var word = line[start..end];
        var dot = word.LastIndexOf((byte)'.');
        if (dot <= 0 || word.Length - dot - 1 is < 2 or > 8)
        {
            return false;
        }

        foreach (var c in word)
        {
            if (!IsLetter(c) && c is not ((byte)'.' or (byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return IsTopLevel(word[(dot + 1)..]) && !IsPackageRoot(word[..word.IndexOf((byte)'.')]);
    }

    private static bool IsTopLevel(ReadOnlySpan<byte> word) => word.Length switch
    {
        2 => word.SequenceEqual("cn"u8) || word.SequenceEqual("hk"u8) || word.SequenceEqual("de"u8) || word.SequenceEqual("uk"u8)
            || word.SequenceEqual("jp"u8) || word.SequenceEqual("fr"u8) || word.SequenceEqual("us"u8) || word.SequenceEqual("eu"u8)
            || word.SequenceEqual("ru"u8) || word.SequenceEqual("ch"u8) || word.SequenceEqual("nl"u8) || word.SequenceEqual("in"u8)
            || word.SequenceEqual("io"u8) || word.SequenceEqual("tv"u8) || word.SequenceEqual("br"u8) || word.SequenceEqual("au"u8),
        3 => word.SequenceEqual("com"u8) || word.SequenceEqual("net"u8) || word.SequenceEqual("org"u8) || word.SequenceEqual("edu"u8)
            || word.SequenceEqual("gov"u8) || word.SequenceEqual("mil"u8) || word.SequenceEqual("dev"u8) || word.SequenceEqual("app"u8)
            || word.SequenceEqual("svc"u8) || word.SequenceEqual("lan"u8),
        4 => word.SequenceEqual("info"u8) || word.SequenceEqual("arpa"u8),
        5 => word.SequenceEqual("local"u8) || word.SequenceEqual("cloud"u8),
        8 => word.SequenceEqual("internal"u8),
        _ => false,
    };

    private static bool IsPackageRoot(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("java"u8) || word.SequenceEqual("javax"u8) || word.SequenceEqual("org"u8) || word.SequenceEqual("com"u8)
        || word.SequenceEqual("net"u8) || word.SequenceEqual("io"u8) || word.SequenceEqual("sun"u8);

    // true, false, null, nil, None; or a day or month name that begins a date (then dateEnd is set).
    private static bool IsWordOfInterest(ReadOnlySpan<byte> line, int start, int end, out int dateEnd)
    {
        dateEnd = 0;
        var word = line[start..end];
        switch (line[start])
        {
            case (byte)'t' or (byte)'T':
                if (word[1..].SequenceEqual("rue"u8))
                {
                    return true;
                }

                break;
            case (byte)'f' or (byte)'F':
                if (word[1..].SequenceEqual("alse"u8))
                {
                    return true;
                }

                break;
            case (byte)'n' or (byte)'N':
                if (word[1..].SequenceEqual("ull"u8) || word[1..].SequenceEqual("il"u8) || word.SequenceEqual("None"u8))
                {
                    return true;
                }

                break;
        }

        if (end - start == 3 && line[start] is >= (byte)'A' and <= (byte)'W' && (Dates.IsDay(word) || Dates.IsMonth(word)))
        {
            dateEnd = Dates.End(line, start);
            return dateEnd > 0;
        }

        return false;
    }
}
