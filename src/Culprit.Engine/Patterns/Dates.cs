namespace Culprit.Engine.Patterns;

/// <summary>Dates that begin with the name of a day or month: <c>Fri Jul 01 08:16:53 PDT 2005</c>, <c>Jan 2 15:04:05</c>.</summary>
internal static class Dates
{
    private static ReadOnlySpan<byte> Days => "MonTueWedThuFriSatSun"u8;

    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    public static bool IsDay(ReadOnlySpan<byte> word) => IndexOf(Days, word) >= 0;

    public static bool IsMonth(ReadOnlySpan<byte> word) => IndexOf(Months, word) >= 0;

    /// <summary>Where the date that starts here ends, or 0 when it is none.</summary>
    public static int End(ReadOnlySpan<byte> line, int start)
    {
        var at = start;
        if (IsDay(Word(line, at)))
        {
            at += 3;
            if (at < line.Length && line[at] == (byte)',')
            {
                at++;
            }

            at = SkipSpaces(line, at);
        }

        var hasMonth = false;
        if (IsMonth(Word(line, at)))
        {
            hasMonth = true;
            at = SkipSpaces(line, at + 3);
        }

        var day = Digits(line, at);
        if (day is 0 or > 2)
        {
            return 0;
        }

        at += day;
        if (!hasMonth)
        {
            var month = SkipSeparator(line, at);
            if (!IsMonth(Word(line, month)))
            {
                return 0;
            }

            at = month + 3;
        }

        // Time, zone and year, in the order of whoever wrote it.
        for (var part = 0; part < 4; part++)
        {
            var next = SkipSpaces(line, at < line.Length && line[at] == (byte)',' ? at + 1 : at);
            if (next == at || next >= line.Length)
            {
                break;
            }

            var end = next;
            while (end < line.Length && (char.IsAsciiDigit((char)line[end]) || line[end] is (byte)':' or (byte)'.' or (byte)'+' or (byte)'-'))
            {
                end++;
            }

            var isTime = end - next >= 4 && char.IsAsciiDigit((char)line[end - 1]) && line[next] != (byte)'.';
            if (!isTime && !IsZone(line, next, out end))
            {
                break;
            }

            at = end;
        }

        return at;
    }

    private static bool IsZone(ReadOnlySpan<byte> line, int at, out int end)
    {
        end = at;
        while (end < line.Length && line[end] is >= (byte)'A' and <= (byte)'Z')
        {
            end++;
        }

        return end - at is 3 or 4 && line[end - 1] == (byte)'T' || (end - at == 3 && line[at..end].SequenceEqual("UTC"u8));
    }

    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> line, int at) =>
        at + 3 <= line.Length && (at + 3 == line.Length || !char.IsAsciiLetter((char)line[at + 3])) ? line.Slice(at, 3) : default;

    private static int SkipSpaces(ReadOnlySpan<byte> line, int at)
    {
        while (at < line.Length && line[at] == (byte)' ')
        {
            at++;
        }

        return at;
    }

    private static int SkipSeparator(ReadOnlySpan<byte> line, int at) =>
        at < line.Length && line[at] is (byte)' ' or (byte)'-' or (byte)'/' ? at + 1 : at;

    private static int Digits(ReadOnlySpan<byte> line, int at)
    {
        var n = 0;
        while (at + n < line.Length && char.IsAsciiDigit((char)line[at + n]))
        {
            n++;
        }

        return n;
    }

    private static int IndexOf(ReadOnlySpan<byte> table, ReadOnlySpan<byte> word)
    {
        if (word.Length != 3)
        {
            return -1;
        }

        for (var i = 0; i < table.Length; i += 3)
        {
            if (table.Slice(i, 3).SequenceEqual(word))
            {
                return i / 3;
            }
        }

        return -1;
    }
}
