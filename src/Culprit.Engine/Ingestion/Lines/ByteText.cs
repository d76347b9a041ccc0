using System.Buffers;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Questions about UTF-8 text that every line format asks.</summary>
internal static class ByteText
{
    private const int MaxNameBytes = 128;

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@"u8);

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    public static bool IsDigit(byte c) => (uint)(c - '0') <= 9;

    public static bool IsLetter(byte c) => (uint)((c | 0x20) - 'a') <= 'z' - 'a';

    public static bool IsUpper(byte c) => (uint)(c - 'A') <= 'Z' - 'A';

    public static bool IsWord(byte c) => IsLetter(c) || IsDigit(c) || c == (byte)'_';

    public static bool IsHex(ReadOnlySpan<byte> text) => !text.IsEmpty && text.IndexOfAnyExcept(HexDigits) < 0;

    public static bool IsNumber(ReadOnlySpan<byte> text) => !text.IsEmpty && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    /// <summary>True for what can be a service's name: visible ASCII or any letter beyond it, no spaces, at most 128 bytes.</summary>
    public static bool IsName(ReadOnlySpan<byte> text) =>
        text.Length is > 0 and <= MaxNameBytes && text.IndexOfAnyInRange((byte)0, (byte)' ') < 0 && text.IndexOf((byte)0x7F) < 0;

    /// <summary>True for a name of letters, digits and the usual separators that begins with a letter.</summary>
    public static bool IsIdentifier(ReadOnlySpan<byte> text) =>
        text.Length is > 1 and <= MaxNameBytes && IsLetter(text[0]) && text.IndexOfAnyExcept(NameBytes) < 0;

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => TrimEnd(TrimStart(text));

    public static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text)
    {
        var start = text.IndexOfAnyExcept((byte)' ', (byte)'\t', (byte)'\r');
        return start < 0 ? default : text[start..];
    }

    public static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> text)
    {
        var last = text.LastIndexOfAnyExcept((byte)' ', (byte)'\t', (byte)'\r');
        return text[..(last + 1)];
    }

    /// <summary>The text up to the first space or tab.</summary>
    public static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAny((byte)' ', (byte)'\t');
        return end < 0 ? text : text[..end];
    }

    /// <summary>The longest start within <paramref name="maxBytes"/> that ends at a whole character.</summary>
    public static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8, int maxBytes)
    {
        if (utf8.Length <= maxBytes)
        {
            return utf8;
        }

        var end = maxBytes;
        while (end > 0 && (utf8[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return utf8[..end];
    }
}
