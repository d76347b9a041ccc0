using System.Text;
using Culprit.Server.Printing;

namespace Culprit.Server.Reporting;

/// <summary>Makes text from logs safe inside Markdown: it stays text, whatever it looks like.</summary>
internal static class MarkdownText
{
    private const string Special = "\\`*_{}[]<>()#+-!|~&@:/";

    /// <summary>One line of plain text. Characters with a meaning are escaped, so there is no link, mention, image, HTML or table cell in it.</summary>
    public static string Inline(string? text)
    {
        var visible = TerminalText.Visible(text);
        var escaped = new StringBuilder(visible.Length + 16);
        foreach (var character in visible)
        {
            // CommonMark takes a backslash before ASCII punctuation as "this character, as text".
            if (Special.Contains(character, StringComparison.Ordinal) || (character == '.' && EndsInWww(escaped)))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }

    /// <summary>Lines as a code block that nothing in them can end.</summary>
    public static string Block(IEnumerable<string> lines)
    {
        var safe = lines.Select(TerminalText.Visible).ToList();
        var fence = new string('`', Math.Max(3, safe.Count == 0 ? 3 : safe.Max(LongestRun) + 1));
        return $"{fence}text\n{string.Join('\n', safe)}\n{fence}";
    }

    // GitHub makes a link of what begins with "www.".
    private static bool EndsInWww(StringBuilder text) =>
        text.Length >= 3 && char.ToLowerInvariant(text[^1]) == 'w' && char.ToLowerInvariant(text[^2]) == 'w' && char.ToLowerInvariant(text[^3]) == 'w';

    private static int LongestRun(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var character in text)
        {
            run = character == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
