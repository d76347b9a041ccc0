using System.Text;
using System.Text.Json;

namespace Culprit.Engine.Patterns;

/// <summary>Finds the message template that a structured logger sent along: the exact pattern, no mining needed.</summary>
internal static class DeclaredTemplate
{
    // What loggers send: Serilog in CLEF, as JSON and over OpenTelemetry; .NET's own logging in JSON and over OpenTelemetry;
    // NLog and hand-made encoders of other languages.
    private static readonly byte[][] Names =
    [
        "\"@mt\""u8.ToArray(),
        "\"MessageTemplate\""u8.ToArray(),
        "\"message_template.text\""u8.ToArray(),
        "\"{OriginalFormat}\""u8.ToArray(),
        "\"message_template\""u8.ToArray(),
        "\"messageTemplate\""u8.ToArray(),
    ];

    private static ReadOnlySpan<byte> EventId => "\"@i\""u8;

    private const int MaxBytes = 4096;

    /// <summary>The template as it stands between its quotes in the attributes; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes)
    {
        // Two searches tell nearly every record that there is nothing to find.
        var hasName = attributes.IndexOf("emplate"u8) >= 0;
        if (!hasName && attributes.IndexOf("\"@mt\""u8) < 0 && attributes.IndexOf("{OriginalFormat}"u8) < 0)
        {
            return default;
        }

        foreach (var name in Names)
        {
            if (ValueOf(attributes, name) is { IsEmpty: false } value)
            {
                return value;
            }
        }

        return default;
    }

    /// <summary>The id that the logger made of the template it does not send (<c>@i</c> of CLEF), a text or a number; empty when there is none.</summary>
    public static ReadOnlySpan<byte> FindEventId(ReadOnlySpan<byte> attributes) => ValueOf(attributes, EventId, orNumber: true);

    /// <summary>The template for people: its holes as <c>&lt;*&gt;</c>.</summary>
    public static byte[] Text(ReadOnlySpan<byte> template)
    {
        var text = Unescape(template);
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '{' or '}' && i + 1 < text.Length && text[i + 1] == c)
            {
                result.Append(c);
                i++;
            }
            else if (c == '{' && text.IndexOf('}', i) is var close && close > i + 1)
            {
                result.Append("<*>");
                i = close;
            }
            else
            {
                result.Append(c is '\r' or '\n' or '\t' ? ' ' : c);
            }
        }

        return Encoding.UTF8.GetBytes(result.ToString());
    }

    // Inside a JSON string quotes are escaped, so a quoted name with a colon behind it is a member.
    private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, bool orNumber = false)
    {
        for (var at = json.IndexOf(name); at >= 0;)
        {
            var rest = json[(at + name.Length)..].TrimStart(" \t\r\n"u8);
            if (rest is [(byte)':', ..])
            {
                rest = rest[1..].TrimStart(" \t\r\n"u8);
                if (rest is [(byte)'"', .. var value] && EndOfString(value) is > 0 and <= MaxBytes and var end)
                {
                    return value[..end];
                }

                if (orNumber && LengthOfNumber(rest) is > 0 and <= MaxBytes and var digits)
                {
                    return rest[..digits];
                }
            }

            var next = json[(at + 1)..].IndexOf(name);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return default;
    }

    private static int LengthOfNumber(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiDigit((char)text[length]) || text[length] == (byte)'-'))
        {
            length++;
        }

        return length;
    }

    private static int EndOfString(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            var step = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (step < 0)
            {
                return -1;
            }

            at += step;
            if (text[at] == (byte)'"')
            {
                return at;
            }

            at++;
        }

        return -1;
    }

    private static string Unescape(ReadOnlySpan<byte> template)
    {
        if (template.Contains((byte)'\\'))
        {
            try
            {
                var reader = new Utf8JsonReader([(byte)'"', .. template, (byte)'"']);
                return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() ?? "" : "";
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Broken escapes are shown as they came.
            }
        }

        return Encoding.UTF8.GetString(template);
    }
}
