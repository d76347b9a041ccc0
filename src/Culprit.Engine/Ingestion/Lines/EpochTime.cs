using System.Buffers.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Unix time in seconds, milliseconds, microseconds or nanoseconds: its size tells which.</summary>
internal static class EpochTime
{
    /// <summary>Reads a number that is a Unix time as a whole.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out Stamp stamp)
    {
        stamp = default;
        if (text.Length is 0 or > 40)
        {
            return false;
        }

        if (TryReadPlain(text, out stamp, out var length) && length == text.Length)
        {
            return true;
        }

        // 1.7053143e+09: rare, and the double's precision is all there is.
        if (!Utf8Parser.TryParse(text, out double value, out var used) || used != text.Length
            || !double.IsFinite(value) || value is < 0 or >= 9e18)
        {
            return false;
        }

        var unit = UnitOf((long)value);
        stamp = new Stamp(StampKind.Complete, (long)Math.Min(value * unit, 9.2e18));
        return true;
    }

    /// <summary>Reads a Unix time of today's size in front of other text.</summary>
    public static bool TryReadPrefix(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? text.Length : digits;
        if (digits is 10 or 13 or 16 or 19 && text[0] is (byte)'1' or (byte)'2' && TryReadPlain(text, out stamp, out length))
        {
            return length == text.Length || text[length] is (byte)' ' or (byte)'\t' or (byte)']' or (byte)'|' or (byte)',';
        }

        stamp = default;
        length = 0;
        return false;
    }

    private static bool TryReadPlain(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 0;
        long whole = 0;
        while (length < text.Length && ByteText.IsDigit(text[length]))
        {
            if (length >= 19)
            {
                return false;
            }

            whole = (whole * 10) + (text[length++] - '0');
        }

        if (length == 0 || whole < 0)
        {
            return false;
        }

        long fraction = 0;
        if (length + 1 < text.Length && text[length] == (byte)'.' && ByteText.IsDigit(text[length + 1]))
        {
            length++;
            for (var scale = UnixNanos.PerSecond; length < text.Length && ByteText.IsDigit(text[length]); length++)
            {
                scale /= 10;
                fraction += (text[length] - '0') * scale;
            }
        }

        var unit = UnitOf(whole);
        var nanos = ((Int128)whole * unit) + (fraction / (UnixNanos.PerSecond / unit));
        stamp = new Stamp(StampKind.Complete, nanos > long.MaxValue ? long.MaxValue : (long)nanos);
        return true;
    }

    // Unix times between 1973 and 5138 have this many digits in their unit.
    private static long UnitOf(long whole) => whole switch
    {
        < 100_000_000_000 => UnixNanos.PerSecond,
        < 100_000_000_000_000 => 1_000_000,
        < 100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
}
