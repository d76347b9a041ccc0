using System.Globalization;
using System.Text;

namespace Culprit.Engine.RootCause;

/// <summary>Makes hostile text fit to stand in a sentence: short, on one line, and unable to leave its quotation marks.</summary>
internal static class QuotedText
{
    /// <summary>Longest quotation, in characters.</summary>
    public const int MaxLength = 160;

    private const int MaxNameLength = 80;

    /// <summary>The text without quotation marks around it; none within can end them.</summary>
    public static string Show(string text) => Visible(text, MaxLength);

    /// <summary>The text between quotation marks.</summary>
    public static string Quote(string text) => $"\"{Show(text)}\"";

    /// <summary>A name that a sender chose, outside quotation marks: anything that is not a plain name is quoted.</summary>
    public static string Name(string name)
    {
        var isPlain = name.Length is > 0 and <= MaxNameLength
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '/');
        return isPlain ? name : $"\"{Visible(name, MaxNameLength)}\"";
    }

    private static string Visible(string text, int maxLength)
    {
        var output = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var start = output.Length;
            if (rune.Value == '"')
            {
                output.Append('\'');
            }
            else if (rune.Value is '\n' or '\r' or '\t')
            {
                output.Append(rune.Value switch { '\n' => "\\n", '\r' => "\\r", _ => "\\t" });
            }
            else if (IsHidden(rune))
            {
                output.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
            else
            {
                output.Append(rune);
            }

            if (output.Length > maxLength)
            {
                output.Length = start;
                while (output.Length > maxLength - 1)
                {
                    output.Length--;
                }

                if (output.Length > 0 && char.IsHighSurrogate(output[^1]))
                {
                    output.Length--;
                }

                return output.Append('…').ToString();
            }
        }

        return output.ToString();
    }

    // Format characters include the bidirectional marks, which can make a sentence read backwards.
    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned || rune == Rune.ReplacementChar;
}
