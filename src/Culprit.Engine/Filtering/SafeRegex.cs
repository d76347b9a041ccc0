using System.Buffers;
using System.Text.RegularExpressions;

namespace Culprit.Engine.Filtering;

/// <summary>Makes regular expressions whose cost has a bound, whoever wrote the expression and whatever the text.</summary>
/// <remarks>
/// They never backtrack, so that time grows with text times size; length and size are limited, because <c>(a{1000}){1000}</c>
/// is short to write and a million states to build. Comments and the option x, which would hide a repetition from the
/// estimate of the size, are refused. The time limit is a last net: by the other limits it is never met, so
/// verdicts do not depend on the machine's speed.
/// </remarks>
internal static class SafeRegex
{
    public const int MaxLength = 512;

    /// <summary>Single characters or classes to match one after another, repetitions multiplied out.</summary>
    public const int MaxSize = 1000;

    private static readonly SearchValues<char> Options = SearchValues.Create("imnsx-+");
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    /// <summary>False with the reason when the expression is wrong, too costly or needs backtracking.</summary>
    public static bool TryCreate(string pattern, out Regex? regex, out string? problem)
    {
        regex = null;
        problem = pattern.Length > MaxLength ? $"the regular expression is longer than {MaxLength} characters"
            : pattern.Length == 0 ? "the regular expression is empty"
            : RegexSize.Of(pattern) > MaxSize ? $"the regular expression repeats more than {MaxSize} times"
            : pattern.Contains("(?#", StringComparison.Ordinal) ? "the regular expression holds a comment"
            : HasWhitespaceOption(pattern) ? "the regular expression uses the option x" : null;
        if (problem is not null)
        {
            return false;
        }

        try
        {
            regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeLimit);
            return true;
        }
        catch (RegexParseException e)
        {
            problem = $"the regular expression is wrong at its character {e.Offset + 1} ({Words(e.Error)})";
        }
        catch (NotSupportedException)
        {
            problem = "the regular expression needs backtracking (lookaround, back reference or atomic group)";
        }

        return false;
    }

    private static bool HasWhitespaceOption(string pattern)
    {
        for (var at = pattern.IndexOf("(?", StringComparison.Ordinal); at >= 0; at = pattern.IndexOf("(?", at + 2, StringComparison.Ordinal))
        {
            var options = pattern.AsSpan(at + 2);
            var end = options.IndexOfAnyExcept(Options);
            if (end > 0 && options[end] is ')' or ':' && options[..end].Contains('x'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>InsufficientClosingParentheses</c> as words.</summary>
    private static string Words(RegexParseError error) =>
        string.Concat(error.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? " " + char.ToLowerInvariant(c) : c.ToString()));
}
