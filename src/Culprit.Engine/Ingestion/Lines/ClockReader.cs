using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Reads times of day and the numbers of dates.</summary>
internal static class ClockReader
{
    /// <summary>Reads <c>10:23[:45[.123]][ AM]</c>; dots may stand for the colons, a comma for the point.</summary>
    public static bool TryReadTime(ReadOnlySpan<byte> text, ref int at, out long nanos)
    {
        nanos = 0;
        var from = at;
        if (!TryDigits(text, ref from, 2, out var hour) || hour > 23)
        {
            return false;
        }

        int minute;
        var second = 0;
        if (from < text.Length && text[from] is (byte)':' or (byte)'.')
        {
            var separator = text[from++];
            if (!TryNumber(text, from, 2, out minute))
            {
                return false;
            }

            from += 2;
            if (from < text.Length && text[from] == separator && TryNumber(text, from + 1, 2, out second))
            {
                from += 3;
            }
            else if (separator == (byte)'.')
            {
                return false;
            }
        }
        else if (TryNumber(text, from, 2, out minute) && TryNumber(text, from + 2, 2, out second))
        {
            from += 4;
        }
        else
        {
            return false;
        }

        if (minute > 59 || second > 60)
        {
            return false;
        }

        long fraction = 0;
        if (from + 1 < text.Length && text[from] is (byte)'.' or (byte)',' or (byte)':' && ByteText.IsDigit(text[from + 1]))
        {
            from++;
            for (var scale = UnixNanos.PerSecond; from < text.Length && ByteText.IsDigit(text[from]); from++)
            {
                scale /= 10;
                fraction += (text[from] - '0') * scale;
            }
        }

        hour = ReadHalfOfDay(text, ref from, hour);
        nanos = (((hour * 3600L) + (minute * 60) + second) * UnixNanos.PerSecond) + fraction;
        at = from;
        return true;
    }

    private static int ReadHalfOfDay(ReadOnlySpan<byte> text, ref int at, int hour)
    {
        var from = at < text.Length && text[at] == (byte)' ' ? at + 1 : at;
        if (hour > 12 || from + 2 > text.Length || text[from + 1] is not ((byte)'M' or (byte)'m')
            || (from + 2 < text.Length && ByteText.IsLetter(text[from + 2])))
        {
            return hour;
        }

        switch (text[from])
        {
            case (byte)'A' or (byte)'a':
                at = from + 2;
                return hour == 12 ? 0 : hour;
            case (byte)'P' or (byte)'p':
                at = from + 2;
                return hour == 12 ? 12 : hour + 12;
            default:
                return hour;
        }
    }

    public static bool TryNumber(ReadOnlySpan<byte> text, int at, int digits, out int value)
    {
        value = 0;
        if (at + digits > text.Length)
        {
            return false;
        }

        for (var i = at; i < at + digits; i++)
        {
            var d = (uint)(text[i] - '0');
            if (d > 9)
            {
                return false;
            }

            value = (value * 10) + (int)d;
        }

        return true;
    }

    public static bool TryDigits(ReadOnlySpan<byte> text, ref int at, int max, out int value)
    {
        value = 0;
        var start = at;
        while (at < text.Length && at - start < max && ByteText.IsDigit(text[at]))
        {
            value = (value * 10) + (text[at++] - '0');
        }

        return at > start;
    }
}
