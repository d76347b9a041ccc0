using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Reads a timestamp at the start of text, in any form that loggers commonly write. No zone means UTC.</summary>
internal static class StampReader
{
    private const int MinLength = 6;

    /// <param name="length">Bytes of the timestamp, its zone included.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (text.Length < MinLength)
        {
            return false;
        }

        var c = text[0];
        if (ByteText.IsDigit(c))
        {
            return text.Length > 10 && text[4] is (byte)'-' or (byte)'/' or (byte)'.' && ByteText.IsDigit(text[1])
                ? TryReadYearFirst(text, out stamp, out length)
                : TryReadOtherDigits(text, out stamp, out length);
        }

        return ByteText.IsLetter(c) && TryReadNamed(text, out stamp, out length);
    }

    /// <summary>Reads text that is a timestamp as a whole: the value of a field.</summary>
    public static bool TryReadAll(ReadOnlySpan<byte> text, out Stamp stamp)
    {
        text = ByteText.Trim(text);
        return (TryRead(text, out stamp, out var length) && length == text.Length) || EpochTime.TryRead(text, out stamp);
    }

    // 2024-01-15T10:23:45.123+01:00, 2024/01/15 10:23:45, 2024/01/15 - 10:23:45, 2024-01-15-10.23.45.123
    private static bool TryReadYearFirst(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (text[7] != text[4] || !ClockReader.TryNumber(text, 0, 4, out var year) || !ClockReader.TryNumber(text, 5, 2, out var month)
            || !ClockReader.TryNumber(text, 8, 2, out var day))
        {
            return false;
        }

        var at = 10;
        if (text[at] is (byte)'T' or (byte)'t' or (byte)' ' or (byte)'_' or (byte)'-')
        {
            at++;
            if (text.Length > at + 1 && text[at] == (byte)'-' && text[at + 1] == (byte)' ')
            {
                at += 2;
            }

            while (at < text.Length && text[at] == (byte)' ')
            {
                at++;
            }
        }
        else
        {
            return false;
        }

        return TryFinish(text, year, month, day, at, out stamp, out length);
    }

    private static bool TryReadOtherDigits(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (text[2] == (byte)':' || text[1] == (byte)':')
        {
            return TryReadTimeOnly(text, out stamp, out length);
        }

        if (text.Length >= 16)
        {
            switch (text[2])
            {
                // 15/Jan/2024:10:23:45 +0000, 15-Jan-2024 10:23:45.123, 15 Jan 2024 10:23:45.123
                case (byte)'/' or (byte)'-' or (byte)' ' when ByteText.IsLetter(text[3]):
                    return TryReadDayMonth(text, 0, out stamp, out length);
                case (byte)'/' when text[5] == (byte)'/':
                    return TryReadSlashed(text, out stamp, out length);
                case (byte)'-' when text[5] == (byte)' ':
                    return TryReadNoYear(text, out stamp, out length);
            }

            if (text[6] == (byte)' ' && TryReadCompact(text, out stamp, out length))
            {
                return true;
            }

            if (text[8] is (byte)'T' or (byte)' ' or (byte)'-' && ClockReader.TryNumber(text, 0, 4, out var year)
                && ClockReader.TryNumber(text, 4, 2, out var month) && ClockReader.TryNumber(text, 6, 2, out var day))
            {
                return TryFinish(text, year, month, day, 9, out stamp, out length);
            }
        }

        return EpochTime.TryReadPrefix(text, out stamp, out length);
    }

    // 17/06/09 20:10:40 (Spark: year first), 01/15/2024 10:23:45 (month first)
    private static bool TryReadSlashed(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (!ClockReader.TryNumber(text, 0, 2, out var a) || !ClockReader.TryNumber(text, 3, 2, out var b))
        {
            return false;
        }

        if (text[8] == (byte)' ' && ClockReader.TryNumber(text, 6, 2, out var c))
        {
            return TryFinish(text, 2000 + a, b, c, 9, out stamp, out length);
        }

        return text[10] is (byte)' ' or (byte)',' && ClockReader.TryNumber(text, 6, 4, out var year)
            && TryFinish(text, year, a > 12 ? b : a, a > 12 ? a : b, text[10] == (byte)',' ? 12 : 11, out stamp, out length);
    }

    // 01-15 10:23:45.123 (logcat)
    private static bool TryReadNoYear(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 6;
        if (!ClockReader.TryNumber(text, 0, 2, out var month) || !ClockReader.TryNumber(text, 3, 2, out var day) || !CivilDate.IsValid(2000, month, day)
            || !ClockReader.TryReadTime(text, ref length, out var nanos))
        {
            return false;
        }

        stamp = new Stamp(StampKind.NoYear, nanos, (byte)month, (byte)day);
        return true;
    }

    // 081109 203615 (HDFS)
    private static bool TryReadCompact(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 13;
        if ((text.Length > 13 && text[13] != (byte)' ') || text.Length < 13
            || !ClockReader.TryNumber(text, 0, 2, out var year) || !ClockReader.TryNumber(text, 2, 2, out var month) || !ClockReader.TryNumber(text, 4, 2, out var day)
            || !ClockReader.TryNumber(text, 7, 2, out var hour) || !ClockReader.TryNumber(text, 9, 2, out var minute) || !ClockReader.TryNumber(text, 11, 2, out var second)
            || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        return TryCombine(2000 + year, month, day, ((hour * 3600L) + (minute * 60) + second) * UnixNanos.PerSecond, 0, out stamp);
    }

    private static bool TryReadTimeOnly(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        length = 0;
        stamp = default;
        if (!ClockReader.TryReadTime(text, ref length, out var nanos))
        {
            return false;
        }

        stamp = new Stamp(StampKind.TimeOnly, nanos);
        return true;
    }

    // Jan 15 10:23:45, Mon Jan 15 10:23:45.123 2024, Jan 15, 2024 10:23:45 AM, Mon, 15 Jan 2024 10:23:45 GMT
    private static bool TryReadNamed(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        var at = 0;
        if (IsDayName(text))
        {
            at = text[3] == (byte)',' ? 5 : 4;
            if (text.Length < at + 15)
            {
                return false;
            }

            if (ByteText.IsDigit(text[at]))
            {
                return TryReadDayMonth(text, at, out stamp, out length);
            }
        }

        if (text.Length < at + 12 || MonthOf(text[at..]) is not (> 0 and var month) || text[at + 3] != (byte)' ')
        {
            return false;
        }

        at += text[at + 4] == (byte)' ' ? 5 : 4;
        if (!ClockReader.TryDigits(text, ref at, 2, out var day) || at >= text.Length)
        {
            return false;
        }

        var year = 0;
        var isComma = text[at] == (byte)',';
        at += isComma ? 2 : 1;
        if (at + 8 > text.Length)
        {
            return false;
        }

        if (ByteText.IsDigit(text[at + 2]) && ClockReader.TryNumber(text, at, 4, out year))
        {
            at += 5;
        }

        if (!ClockReader.TryReadTime(text, ref at, out var nanos))
        {
            return false;
        }

        var zoneAt = at;
        if (year == 0 && !TryReadTrailingYear(text, ref at, out year))
        {
            at = zoneAt;
            if (!CivilDate.IsValid(2000, month, day))
            {
                return false;
            }

            stamp = new Stamp(StampKind.NoYear, nanos, (byte)month, (byte)day);
            length = at;
            return true;
        }

        ZoneReader.Read(text, ref at, out var offset);
        length = at;
        return TryCombine(year, month, day, nanos, offset, out stamp);
    }

    /// <summary>A year after the time, perhaps behind a zone, as ctime and <c>date</c> write it.</summary>
    private static bool TryReadTrailingYear(ReadOnlySpan<byte> text, ref int at, out int year)
    {
        year = 0;
        var from = at;
        ZoneReader.Read(text, ref from, out _);
        if (from + 5 > text.Length || text[from] != (byte)' ' || !ClockReader.TryNumber(text, from + 1, 4, out year) || year is < 1970 or > 2199
            || (from + 5 < text.Length && text[from + 5] is not ((byte)' ' or (byte)']' or (byte)':')))
        {
            return false;
        }

        at = from + 5;
        return true;
    }

    private static bool TryReadDayMonth(ReadOnlySpan<byte> text, int from, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (text.Length < from + 17 || !ClockReader.TryNumber(text, from, 2, out var day) || MonthOf(text[(from + 3)..]) is not (> 0 and var month)
            || text[from + 6] != text[from + 2] || !ClockReader.TryNumber(text, from + 7, 4, out var year))
        {
            return false;
        }

        return text[from + 11] is (byte)':' or (byte)' ' && TryFinish(text, year, month, day, from + 12, out stamp, out length);
    }

    private static bool TryFinish(ReadOnlySpan<byte> text, int year, int month, int day, int at, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        if (!ClockReader.TryReadTime(text, ref at, out var nanos))
        {
            return false;
        }

        ZoneReader.Read(text, ref at, out var offset);
        length = at;
        return TryCombine(year, month, day, nanos, offset, out stamp);
    }

    private static bool TryCombine(int year, int month, int day, long nanosOfDay, int offsetSeconds, out Stamp stamp)
    {
        stamp = default;
        if (!CivilDate.IsValid(year, month, day))
        {
            return false;
        }

        year = Math.Clamp(year, CivilDate.MinYear, CivilDate.MaxYear);
        day = CivilDate.IsValid(year, month, day) ? day : 28;
        stamp = new Stamp(
            StampKind.Complete,
            (CivilDate.ToDays(year, month, day) * CivilDate.NanosPerDay) + nanosOfDay - (offsetSeconds * UnixNanos.PerSecond));
        return true;
    }

    private static bool IsDayName(ReadOnlySpan<byte> text) =>
        (text[3] == (byte)' ' || (text[3] == (byte)',' && text[4] == (byte)' ')) && (text[0] | 0x20, text[1] | 0x20, text[2] | 0x20) is
            ('m', 'o', 'n') or ('t', 'u', 'e') or ('w', 'e', 'd') or ('t', 'h', 'u') or ('f', 'r', 'i') or ('s', 'a', 't') or ('s', 'u', 'n');

    private static int MonthOf(ReadOnlySpan<byte> text) => (text[0] | 0x20, text[1] | 0x20, text[2] | 0x20) switch
    {
        ('j', 'a', 'n') => 1,
        ('f', 'e', 'b') => 2,
        ('m', 'a', 'r') => 3,
        ('a', 'p', 'r') => 4,
        ('m', 'a', 'y') => 5,
        ('j', 'u', 'n') => 6,
        ('j', 'u', 'l') => 7,
        ('a', 'u', 'g') => 8,
        ('s', 'e', 'p') => 9,
        ('o', 'c', 't') => 10,
        ('n', 'o', 'v') => 11,
        ('d', 'e', 'c') => 12,
        _ => 0,
    };
}
