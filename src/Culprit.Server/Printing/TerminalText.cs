using System.Globalization;
using System.Text;

namespace Culprit.Server.Printing;

/// <summary>Makes text from logs safe to print: what would steer the terminal or reorder the line is shown instead.</summary>
internal static class TerminalText
{
    /// <summary>Control, format (bidirectional, invisible) and lone surrogate characters become <c>\u....</c> or <c>\U........</c>.</summary>
    public static string Visible(string? text)
    {
        if (text is null)
        {
            return string.Empty;
        }

        StringBuilder? visible = null;
        for (var i = 0; i < text.Length;)
        {
            var isRune = Rune.TryGetRuneAt(text, i, out var rune);
            var length = isRune ? rune.Utf16SequenceLength : 1;
            if (isRune && IsSafe(rune))
            {
                visible?.Append(text, i, length);
            }
            else
            {
                visible ??= new StringBuilder(text, 0, i, text.Length + 16);
                var code = isRune ? rune.Value : text[i];
                visible.Append(code > char.MaxValue
                    ? string.Create(CultureInfo.InvariantCulture, $"\\U{code:x8}")
                    : string.Create(CultureInfo.InvariantCulture, $"\\u{code:x4}"));
            }

            i += length;
        }

        return visible?.ToString() ?? text;
    }

    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
