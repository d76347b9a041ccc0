using System.Text;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>Splits code and messages into words that can be compared: parts of names, in lower case, without endings.</summary>
internal static class Words
{
    private const int MinLength = 3;

    private static readonly HashSet<string> Common = new(StringComparer.Ordinal)
    {
        "the", "and", "for", "not", "with", "from", "that", "this", "are", "was", "has", "have", "but", "all", "any", "can", "out",
        "error", "err", "fail", "warn", "info", "return", "func", "function", "var", "let", "const", "null", "nil", "none", "true",
        "false", "new", "get", "set", "self", "public", "private", "static", "void", "int", "string", "class", "import", "def",
        "http", "https", "status", "code", "request", "response", "service", "log", "logger", "msg", "message", "use", "add", "test",
    };

    public static IEnumerable<string> Of(string text)
    {
        var word = new StringBuilder();
        var previous = '\0';
        foreach (var c in text)
        {
            var isLetter = char.IsAsciiLetter(c);
            if ((!isLetter || (char.IsAsciiLetterUpper(c) && char.IsAsciiLetterLower(previous))) && word.Length > 0)
            {
                if (Finish(word) is { } finished)
                {
                    yield return finished;
                }

                word.Clear();
            }

            if (isLetter)
            {
                word.Append(char.ToLowerInvariant(c));
            }

            previous = c;
        }

        if (Finish(word) is { } last)
        {
            yield return last;
        }
    }

    private static string? Finish(StringBuilder word)
    {
        var text = word.ToString();
        if (text.Length < MinLength || text.Length > 40 || Common.Contains(text))
        {
            return null;
        }

        foreach (var ending in (ReadOnlySpan<string>)["ations", "ation", "ings", "ing", "ions", "ion", "ies", "ers", "er", "ed", "es", "s", "e", "y"])
        {
            if (text.Length - ending.Length >= 4 && text.EndsWith(ending, StringComparison.Ordinal))
            {
                text = text[..^ending.Length];
                break;
            }
        }

        return Common.Contains(text) ? null : text;
    }
}
