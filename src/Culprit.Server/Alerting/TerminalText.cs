using System.Globalization;
using System.Text;

namespace Culprit.Server.Alerting;

/// <summary>Makes text from logs safe to print: what would steer the terminal or reorder the line is shown instead.</summary>
internal static class TerminalText
{
    /// <summary>Control, format (bidirectional) and lone surrogate characters become <c>\u....</c>.</summary>
    public static string Visible(string? text)
    {
        if (text is null)
        {
            return string.Empty;
        }

        StringBuilder? visible = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var isPair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (isPair)
            {
                visible?.Append(c).Append(text[i + 1]);
                i++;
                continue;
            }

            var isSafe = char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            if (!isSafe)
            {
                visible ??= new StringBuilder(text, 0, i, text.Length + 16);
                visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                visible?.Append(c);
            }
        }

        return visible?.ToString() ?? text;
    }
}
