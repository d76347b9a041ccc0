using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>Reads the timestamps that loggers write: ISO 8601, and Unix time in s, ms, µs or ns.</summary>
/// <remarks>
/// A time beyond what 64-bit nanoseconds can name (years 1677 to 2262) is clamped: real logs hold such lines, and they
/// are flagged later. Text without an offset is UTC.
/// </remarks>
internal static class TimestampParser
{
    // Unix times after 1973 and before 5138 have this many digits in their unit, so the size tells the unit.
    private const long SecondsBelow = 100_000_000_000;
    private const long MillisBelow = SecondsBelow * 1_000;
    private const long MicrosBelow = MillisBelow * 1_000;

    private static readonly int[] DaysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>Reads the content of a JSON string.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long nanos)
    {
        if (text.Length >= 16 && text[4] == (byte)'-')
        {
            return TryParseIso(text, out nanos);
        }

        nanos = 0;
        return text.Length is > 0 and <= 40 && TryParseEpoch(text, out nanos);
    }

    /// <summary>Reads a JSON number, or a string that holds one.</summary>
    public static bool TryParseEpoch(ReadOnlySpan<byte> text, out long nanos)
    {
        nanos = 0;
        var at = 0;
        var negative = text.Length > 0 && text[0] == (byte)'-';
        if (negative)
        {
            at++;
        }

        long whole = 0;
        var start = at;
        for (; at < text.Length && IsDigit(text[at]); at++)
        {
            if (at - start >= 19)
            {
                return false;
            }

            whole = (whole * 10) + (text[at] - '0');
        }

        if (at == start || whole < 0)
        {
            return false;
        }

        long fraction = 0;
        if (at < text.Length && text[at] == (byte)'.')
        {
            at++;
            if (at == text.Length || !IsDigit(text[at]))
            {
                return false;
            }

            at = ReadFraction(text, at, out fraction);
        }

        if (at != text.Length)
        {
            return TryParseExponent(text, out nanos);
        }

        var unit = UnitOf(whole);
        var value = ((Int128)whole * unit) + (fraction / (UnixNanos.PerSecond / unit));
        nanos = Clamp(negative ? -value : value);
        return true;
    }

    private static bool TryParseExponent(ReadOnlySpan<byte> text, out long nanos)
    {
        nanos = 0;
        if (!Utf8Parser.TryParse(text, out double value, out var used) || used != text.Length || !double.IsFinite(value)
            || Math.Abs(value) > long.MaxValue)
        {
            return false;
        }

        nanos = Clamp((Int128)(decimal.Round((decimal)value, 9) * UnitOf((long)Math.Min(Math.Abs(value), 9e18))));
        return true;
    }

    private static long UnitOf(long whole) => whole switch
    {
        < SecondsBelow => 1_000_000_000,
        < MillisBelow => 1_000_000,
        < MicrosBelow => 1_000,
        _ => 1,
    };

    /// <summary>Reads <c>YYYY-MM-DDTHH:MM[:SS[.fraction]][Z|±HH[:]MM]</c>; a space may stand for the T, a comma for the point.</summary>
    public static bool TryParseIso(ReadOnlySpan<byte> text, out long nanos)
    {
        nanos = 0;
        if (text.Length is < 16 or > 64
            || text[4] != (byte)'-' || text[7] != (byte)'-' || text[13] != (byte)':'
            || !(text[10] is (byte)'T' or (byte)'t' or (byte)' '))
        {
            return false;
        }

        var wrong = 0;
        var year = (Two(text, 0, ref wrong) * 100) + Two(text, 2, ref wrong);
        var month = Two(text, 5, ref wrong);
        var day = Two(text, 8, ref wrong);
        var hour = Two(text, 11, ref wrong);
        var minute = Two(text, 14, ref wrong);
        var second = 0;
        long fraction = 0;
        var at = 16;
        if (at < text.Length && text[at] == (byte)':')
        {
            if (text.Length < 19)
            {
                return false;
            }

            second = Two(text, 17, ref wrong);
            at = 19;
            if (at < text.Length && text[at] is (byte)'.' or (byte)',')
            {
                at++;
                if (at == text.Length || !IsDigit(text[at]))
                {
                    return false;
                }

                at = ReadFraction(text, at, out fraction);
            }
        }

        if (wrong != 0 || month is < 1 or > 12 || day < 1 || day > DaysInMonth[month - 1]
            || (month == 2 && day == 29 && !IsLeap(year)) || hour > 23 || minute > 59 || second > 60
            || !TryReadOffset(text[at..], out var offsetSeconds))
        {
            return false;
        }

        var seconds = (DaysFromCivil(year, month, day) * 86_400) + (hour * 3600) + (minute * 60) + second - offsetSeconds;
        nanos = Clamp(((Int128)seconds * UnixNanos.PerSecond) + fraction);
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out int seconds)
    {
        seconds = 0;
        if (text.Length == 0 || (text.Length == 1 && text[0] is (byte)'Z' or (byte)'z'))
        {
            return true;
        }

        if (!(text[0] is (byte)'+' or (byte)'-'))
        {
            return false;
        }

        var wrong = 0;
        int hours;
        var minutes = 0;
        switch (text.Length)
        {
            case 3:
                hours = Two(text, 1, ref wrong);
                break;
            case 5:
                hours = Two(text, 1, ref wrong);
                minutes = Two(text, 3, ref wrong);
                break;
            case 6 when text[3] == (byte)':':
                hours = Two(text, 1, ref wrong);
                minutes = Two(text, 4, ref wrong);
                break;
            default:
                return false;
        }

        seconds = ((hours * 3600) + (minutes * 60)) * (text[0] == (byte)'-' ? -1 : 1);
        return wrong == 0 && hours <= 23 && minutes <= 59;
    }

    private static int ReadFraction(ReadOnlySpan<byte> text, int at, out long nanos)
    {
        nanos = 0;
        var scale = UnixNanos.PerSecond;
        for (; at < text.Length && IsDigit(text[at]); at++)
        {
            scale /= 10;
            nanos += (text[at] - '0') * scale;
        }

        return at;
    }

    private static int Two(ReadOnlySpan<byte> text, int at, ref int wrong)
    {
        var tens = (uint)(text[at] - '0');
        var ones = (uint)(text[at + 1] - '0');
        wrong |= tens > 9 || ones > 9 ? 1 : 0;
        return (int)((tens * 10) + ones);
    }

    private static bool IsDigit(byte c) => (uint)(c - '0') <= 9;

    private static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    // Howard Hinnant's days_from_civil: exact over the proleptic Gregorian calendar, without a table.
    private static long DaysFromCivil(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = (y >= 0 ? y : y - 399) / 400;
        var yearOfEra = y - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (era * 146_097L) + dayOfEra - 719_468;
    }

    private static long Clamp(Int128 nanos) =>
        nanos > long.MaxValue ? long.MaxValue : nanos < long.MinValue ? long.MinValue : (long)nanos;

    /// <summary>The wire's form: UTC with as many fraction digits (3, 6 or 9) as the value needs.</summary>
    public static string Format(long nanos)
    {
        var (seconds, rest) = Math.DivRem(nanos, UnixNanos.PerSecond);
        if (rest < 0)
        {
            seconds--;
            rest += UnixNanos.PerSecond;
        }

        var text = new StringBuilder(32);
        text.Append(DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        var (digits, shown) = rest % 1_000_000 == 0 ? (3, rest / 1_000_000) : rest % 1_000 == 0 ? (6, rest / 1_000) : (9, rest);
        return text.Append('.').Append(shown.ToString("D" + digits, CultureInfo.InvariantCulture)).Append('Z').ToString();
    }
}
