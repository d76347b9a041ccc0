using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Culprit.Engine.Ingestion;

/// <summary>Text inside JSON, as bytes: unescaping, cutting, and echoing hostile input safely.</summary>
internal static class JsonText
{
    /// <summary>Characters of input that an error message may repeat.</summary>
    public const int MaxEcho = 64;

    /// <summary>Unescapes the content of a JSON string; the target needs the source's length. -1 for half a surrogate pair.</summary>
    /// <remarks>The source has passed a JSON reader, so every escape is well-formed.</remarks>
    public static int Unescape(ReadOnlySpan<byte> source, Span<byte> target) => Unescape(source, target, mends: false);

    /// <summary>As <see cref="Unescape(ReadOnlySpan{byte}, Span{byte})"/>, but half a surrogate pair becomes U+FFFD.</summary>
    public static int UnescapeAny(ReadOnlySpan<byte> source, Span<byte> target) => Unescape(source, target, mends: true);

    /// <summary>What a JSON reader says, without its own idea of a position.</summary>
    public static string Explain(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }

    private static int Unescape(ReadOnlySpan<byte> source, Span<byte> target, bool mends)
    {
        var written = 0;
        while (true)
        {
            var run = source.IndexOf((byte)'\\');
            if (run < 0)
            {
                source.CopyTo(target[written..]);
                return written + source.Length;
            }

            source[..run].CopyTo(target[written..]);
            written += run;
            var escape = source[run + 1];
            source = source[(run + 2)..];
            if (escape != (byte)'u')
            {
                target[written++] = escape switch
                {
                    (byte)'b' => 8,
                    (byte)'t' => 9,
                    (byte)'n' => 10,
                    (byte)'f' => 12,
                    (byte)'r' => 13,
                    _ => escape,
                };
                continue;
            }

            var unit = Hex4(source);
            source = source[4..];
            var rune = (uint)unit;
            if (char.IsSurrogate((char)unit))
            {
                var isPair = char.IsHighSurrogate((char)unit) && source.Length >= 6 && source[0] == (byte)'\\' && source[1] == (byte)'u'
                    && char.IsLowSurrogate((char)Hex4(source[2..]));
                if (!isPair && !mends)
                {
                    return -1;
                }

                rune = isPair ? (uint)char.ConvertToUtf32((char)unit, (char)Hex4(source[2..])) : (uint)Rune.ReplacementChar.Value;
                source = source[(isPair ? 6 : 0)..];
            }

            written += new Rune(rune).EncodeToUtf8(target[written..]);
        }
    }

    /// <summary>The longest start of <paramref name="utf8"/> within <paramref name="maxBytes"/> that ends at a whole character.</summary>
    public static int CutLength(ReadOnlySpan<byte> utf8, int maxBytes)
    {
        if (utf8.Length <= maxBytes)
        {
            return utf8.Length;
        }

        var end = maxBytes;
        while (end > 0 && (utf8[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return end;
    }

    /// <summary>True for 1 to <see cref="EventLimits.MaxNameLength"/> visible characters: no spaces, controls or direction marks.</summary>
    public static bool IsVisibleName(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > 4 * EventLimits.MaxNameLength)
        {
            return false;
        }

        if (utf8.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7E) < 0)
        {
            return utf8.Length <= EventLimits.MaxNameLength;
        }

        var count = 0;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var used) != OperationStatus.Done || !IsVisible(rune))
            {
                return false;
            }

            count++;
            utf8 = utf8[used..];
        }

        return count <= EventLimits.MaxNameLength;
    }

    /// <summary>True for a character that a terminal or page shows as itself.</summary>
    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    /// <summary>At most <see cref="MaxEcho"/> characters of the input in quotes, with invisible ones escaped.</summary>
    public static string Echo(ReadOnlySpan<byte> utf8) =>
        Echo(Encoding.UTF8.GetString(utf8[..CutLength(utf8, MaxEcho * 4)]), utf8.Length > MaxEcho * 4);

    /// <inheritdoc cref="Echo(ReadOnlySpan{byte})"/>
    public static string Echo(string text) => Echo(text, isCut: false);

    private static string Echo(string text, bool isCut)
    {
        var echo = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = rune.Value == ' ' || (IsVisible(rune) && rune.Value is not ('\'' or '\\'))
                ? rune.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            if (echo.Length - 1 + shown.Length > MaxEcho)
            {
                isCut = true;
                break;
            }

            echo.Append(shown);
        }

        return echo.Append(isCut ? "…'" : "'").ToString();
    }

    private static int Hex4(ReadOnlySpan<byte> text)
    {
        var value = 0;
        for (var i = 0; i < 4; i++)
        {
            var c = text[i];
            value = (value << 4) | (c <= (byte)'9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return value;
    }
}
