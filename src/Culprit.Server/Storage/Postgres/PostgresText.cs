using System.Text;
using System.Text.Unicode;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Text as the database takes it: it knows no NUL, so NUL is written as three characters that no text has.</summary>
/// <remarks>
/// U+FDD0 to U+FDD2 are no characters by Unicode's definition. Should they occur all the same, they are written so too. A
/// code begins with U+FDD0 and goes on with the others, which occur nowhere else: so one text is part of
/// another exactly when that is so for what is written of them.
/// </remarks>
internal static class PostgresText
{
    private const char Lead = '\uFDD0';
    private const char Low = '\uFDD1';
    private const char High = '\uFDD2';

    /// <summary>The first two of the three bytes of U+FDD0 to U+FDD2, and of few other characters.</summary>
    private static ReadOnlySpan<byte> LeadBytes => [0xEF, 0xB7];

    /// <summary>Also makes broken surrogates what they are in UTF-8.</summary>
    public static string Encode(string text)
    {
        var isPlain = true;
        foreach (var c in text)
        {
            if (c == '\0' || char.IsSurrogate(c) || c is >= Lead and <= High)
            {
                isPlain = false;
                break;
            }
        }

        return isPlain ? text : Escape(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
    }

    public static string? EncodeOrNull(string? text) => text is null ? null : Encode(text);

    /// <summary>Whether the bytes are written as they are.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> utf8) => !utf8.Contains((byte)0) && utf8.IndexOf(LeadBytes) < 0;

    /// <summary>What is written for bytes that are not plain; broken UTF-8 becomes U+FFFD.</summary>
    public static byte[] Escape(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetBytes(Escape(Encoding.UTF8.GetString(utf8)));

    /// <summary>JSON or other text in UTF-8.</summary>
    public static string FromUtf8(ReadOnlySpan<byte> utf8) =>
        IsPlain(utf8) && Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : Escape(Encoding.UTF8.GetString(utf8));

    public static string Decode(string text)
    {
        if (!text.Contains(Lead, StringComparison.Ordinal))
        {
            return text;
        }

        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == Lead && i + 2 < text.Length)
            {
                decoded.Append((text[i + 1], text[i + 2]) switch
                {
                    (Low, Low) => '\0',
                    (Low, High) => Lead,
                    (High, Low) => Low,
                    _ => High,
                });
                i += 2;
            }
            else
            {
                decoded.Append(text[i]);
            }
        }

        return decoded.ToString();
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\0' => escaped.Append([Lead, Low, Low]),
                Lead => escaped.Append([Lead, Low, High]),
                Low => escaped.Append([Lead, High, Low]),
                High => escaped.Append([Lead, High, High]),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
