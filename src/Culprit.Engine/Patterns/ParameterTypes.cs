using System.Buffers;
using System.Buffers.Text;

namespace Culprit.Engine.Patterns;

/// <summary>Tells the type of a value from its text and the name before it.</summary>
internal static class ParameterTypes
{
    private static readonly SearchValues<byte> HexGroups = SearchValues.Create("0123456789abcdefABCDEF:"u8);
    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789."u8);
    private static readonly SearchValues<byte> HostBytes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"u8);

    private const double Microsecond = 1e3;
    private const double Millisecond = 1e6;
    private const double Second = 1e9;

    public static ParameterKind Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key, out double value)
    {
        value = 0;
        if (text.IndexOf("://"u8) > 0)
        {
            return ParameterKind.Url;
        }

        if (text[0] is (byte)'/' or (byte)'~' || text.StartsWith("./"u8) || text.StartsWith("../"u8) || (text.Length > 2 && text[1] == (byte)':' && text[2] is (byte)'\\' or (byte)'/'))
        {
            return HostAfterSlash(text) ?? ParameterKind.Path;
        }

        if (Utf8Parser.TryParse(text, out value, out var used) && double.IsFinite(value))
        {
            return Quantity(text, text[used..], key, ref value);
        }

        value = 0;
        return OfWord(text, ref value);
    }

    private static ParameterKind Quantity(ReadOnlySpan<byte> text, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> key, ref double value)
    {
        if (rest.IsEmpty)
        {
            var unit = UnitOfKey(key);
            if (unit > 0)
            {
                value *= unit;
                return ParameterKind.Duration;
            }

            if (key.EndsWith("bytes"u8) || key.EndsWith("Bytes"u8))
            {
                return ParameterKind.Size;
            }

            return IsIdKey(key) ? ParameterKind.Id : ParameterKind.Number;
        }

        var word = rest[0] == (byte)' ' ? rest[1..] : rest;
        var space = word.IndexOf((byte)' ');
        word = space < 0 ? word : word[..space];
        if (UnitOfTime(word) is var time && time > 0)
        {
            value *= time;
            return ParameterKind.Duration;
        }

        if (UnitOfSize(word) is var size && size > 0)
        {
            value *= size;
            return ParameterKind.Size;
        }

        if (TryCompositeDuration(text, out var nanoseconds))
        {
            value = nanoseconds;
            return ParameterKind.Duration;
        }

        value = 0;
        return OfWord(text, ref value);
    }

    private static ParameterKind OfWord(ReadOnlySpan<byte> text, ref double value)
    {
        if (IsIp(text))
        {
            return ParameterKind.Ip;
        }

        if (text.Contains((byte)'@'))
        {
            return ParameterKind.Email;
        }

        var colon = text.LastIndexOf((byte)':');
        if (colon > 0 && Utf8Parser.TryParse(text[(colon + 1)..], out int port, out var used) && used == text.Length - colon - 1
            && port is > 0 and <= 65535 && (text[..colon].Contains((byte)'.') || text.StartsWith("localhost"u8)))
        {
            value = port;
            return ParameterKind.Peer;
        }

        if (IsTime(text))
        {
            return ParameterKind.Time;
        }

        if (text.Contains((byte)' '))
        {
            return ParameterKind.Text;
        }

        return IsId(text) ? ParameterKind.Id
            : LineScanner.IsHostName(text, 0, text.Length) || IsDottedHost(text) ? ParameterKind.Host
            : ParameterKind.Word;
    }

    // "/10.251.42.84", as Java prints an address.
    private static ParameterKind? HostAfterSlash(ReadOnlySpan<byte> text) => text[0] == (byte)'/' && IsIp(text[1..]) ? ParameterKind.Ip : null;

    private static bool IsIp(ReadOnlySpan<byte> text)
    {
        if (text.Count((byte)':') >= 2)
        {
            return !text.ContainsAnyExcept(HexGroups) && text.Count((byte)':') <= 7;
        }

        var parts = 0;
        while (Utf8Parser.TryParse(text, out byte _, out var used))
        {
            parts++;
            text = text[used..];
            if (text.IsEmpty || text[0] != (byte)'.')
            {
                break;
            }

            text = text[1..];
        }

        return parts == 4 && text.IsEmpty;
    }

    private static bool IsTime(ReadOnlySpan<byte> text) =>
        (text.Length >= 10 && text[4] is (byte)'-' or (byte)'/' && text[7] == text[4] && !text[..4].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        || (text.Length > 3 && text[0] is >= (byte)'A' and <= (byte)'Z' && (Dates.IsDay(text[..3]) || Dates.IsMonth(text[..3])) && Dates.End(text, 0) > 0);

    private static bool IsId(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        foreach (var c in text)
        {
            digits += c is >= (byte)'0' and <= (byte)'9' ? 1 : 0;
        }

        return digits >= 2 && !text.Contains((byte)'.');
    }

    private static bool IsDottedHost(ReadOnlySpan<byte> text)
    {
        var dot = text.LastIndexOf((byte)'.');
        return dot > 0 && text.Length - dot > 2 && !text[(dot + 1)..].ContainsAnyExceptInRange((byte)'a', (byte)'z')
            && !text.ContainsAnyExcept(HostBytes);
    }

    private static bool IsIdKey(ReadOnlySpan<byte> key) =>
        key.EndsWith("id"u8) || key.EndsWith("Id"u8) || key.EndsWith("ID"u8) || key.EndsWith("uuid"u8) || key.EndsWith("guid"u8);

    private static double UnitOfKey(ReadOnlySpan<byte> key) =>
        key.EndsWith("_ms"u8) || key.EndsWith("Ms"u8) || key.EndsWith("millis"u8) || key.EndsWith("Millis"u8) || key.SequenceEqual("ms"u8) ? Millisecond
        : key.EndsWith("_us"u8) || key.EndsWith("micros"u8) || key.EndsWith("Micros"u8) ? Microsecond
        : key.EndsWith("_ns"u8) || key.EndsWith("nanos"u8) || key.EndsWith("Nanos"u8) ? 1
        : key.EndsWith("_s"u8) || key.EndsWith("_sec"u8) || key.EndsWith("seconds"u8) || key.EndsWith("Seconds"u8) ? Second
        : 0;

    private static double UnitOfTime(ReadOnlySpan<byte> unit) => unit switch
    {
        _ when unit.SequenceEqual("ns"u8) || unit.StartsWith("nano"u8) => 1,
        _ when unit.SequenceEqual("us"u8) || unit.SequenceEqual("µs"u8) || unit.SequenceEqual("μs"u8) || unit.StartsWith("micro"u8) => Microsecond,
        _ when unit.SequenceEqual("ms"u8) || unit.StartsWith("msec"u8) || unit.StartsWith("milli"u8) || unit.SequenceEqual("MILLISECONDS"u8) => Millisecond,
        _ when unit.SequenceEqual("s"u8) || unit.StartsWith("sec"u8) || unit.SequenceEqual("SECONDS"u8) => Second,
        _ when unit.SequenceEqual("m"u8) || unit.StartsWith("min"u8) => 60 * Second,
        _ when unit.SequenceEqual("h"u8) || unit.StartsWith("hr"u8) || unit.StartsWith("hour"u8) => 3600 * Second,
        _ when unit.SequenceEqual("d"u8) || unit.StartsWith("day"u8) => 86_400 * Second,
        _ => 0,
    };

    private static double UnitOfSize(ReadOnlySpan<byte> unit)
    {
        if (unit.SequenceEqual("B"u8) || unit.StartsWith("byte"u8) || unit.StartsWith("Byte"u8))
        {
            return 1;
        }

        var isBytes = unit.Length is 2 or 3 && unit[^1] == (byte)'B' && (unit.Length == 2 || unit[1] == (byte)'i');
        return !isBytes ? 0 : unit[0] switch
        {
            (byte)'k' or (byte)'K' => 1L << 10,
            (byte)'M' => 1L << 20,
            (byte)'G' => 1L << 30,
            (byte)'T' => 1L << 40,
            (byte)'P' => 1L << 50,
            _ => 0,
        };
    }

    // "1m30.5s", as Go prints a duration.
    private static bool TryCompositeDuration(ReadOnlySpan<byte> text, out double nanoseconds)
    {
        nanoseconds = 0;
        var parts = 0;
        while (!text.IsEmpty && Utf8Parser.TryParse(text, out double value, out var used) && double.IsFinite(value))
        {
            text = text[used..];
            var end = text.IndexOfAny(NumberBytes);
            var unit = UnitOfTime(end < 0 ? text : text[..end]);
            if (unit == 0)
            {
                return false;
            }

            nanoseconds += value * unit;
            text = end < 0 ? default : text[end..];
            parts++;
        }

        return parts > 1 && text.IsEmpty;
    }
}
