using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Culprit.Server.Analyst;

/// <summary>Keeps of a model's answer only what its evidence bears out.</summary>
/// <remarks>
/// A claim stands when what it cites was shown in this run and mentions what it claims: every known name, every number and every
/// quotation in it, and besides that some of its words. Paraphrase passes; a service, figure or message that the evidence does not have
/// cannot. Whether a true sentence misleads, code cannot know: that is why claims are shown with their evidence, and why nothing is decided by them.
/// </remarks>
/// <param name="names">Names of services, dependencies and changes that a claim could be about.</param>
internal sealed partial class ClaimCheck(IEnumerable<string> names)
{
    private const int MinSharedWords = 2;

    private readonly List<string> _names = [.. names.Where(n => n.Length > 1).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>Checks one claim; the evidence that bears it out, or null with the reason.</summary>
    public IReadOnlyList<Evidence>? Check(ModelClaim claim, EvidenceBook book, out string problem)
    {
        var cited = claim.Evidence.Distinct(StringComparer.Ordinal).Select(book.Find).OfType<Evidence>().ToList();
        if (cited.Count == 0)
        {
            problem = claim.Evidence.Count == 0 ? "cites nothing" : "cites evidence that does not exist";
            return null;
        }

        problem = Problem(claim.Text, cited) ?? "";
        return problem.Length == 0 ? cited : null;
    }

    /// <summary>Why a text is not borne out by evidence; null when it is.</summary>
    public string? Problem(string text, IReadOnlyList<Evidence> evidence)
    {
        if (Active().IsMatch(text) || text.EnumerateRunes().Any(IsHidden))
        {
            return "has a link, markup or hidden characters";
        }

        var said = string.Join('\n', evidence.Select(e => e.Text));
        if (_names.Find(n => Mentions(text, n) && !Mentions(said, n)) is { } name)
        {
            return $"names {name}, which its evidence does not mention";
        }

        var known = Number().Matches(said).Select(m => Normal(m.Value)).ToHashSet(StringComparer.Ordinal);
        if (Number().Matches(text).FirstOrDefault(m => !known.Contains(Normal(m.Value))) is { } number)
        {
            return $"says {number.Value}, which its evidence does not";
        }

        if (Quotation().Matches(text).FirstOrDefault(m => !said.Contains(m.Groups["quoted"].Value, StringComparison.OrdinalIgnoreCase)) is { } quoted)
        {
            return $"quotes \"{quoted.Groups["quoted"].Value}\", which its evidence does not say";
        }

        var words = Words(text);
        return words.Count > 0 && words.Intersect(Words(said)).Count() < Math.Min(MinSharedWords, words.Count)
            ? "says something else than its evidence"
            : null;
    }

    /// <summary>True when the text has the name as a word of its own.</summary>
    internal static bool Mentions(string text, string name)
    {
        for (var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            if ((at == 0 || !IsNamePart(text[at - 1])) && (at + name.Length == text.Length || !IsNamePart(text[at + name.Length])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c is '-' or '_';

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        || (Rune.GetUnicodeCategory(rune) == UnicodeCategory.Control && rune.Value is not ('\n' or '\t'));

    private static string Normal(string number)
    {
        var plain = number.Replace(",", "", StringComparison.Ordinal);
        return plain.Contains('.', StringComparison.Ordinal) ? plain.TrimEnd('0').TrimEnd('.') : plain.TrimStart('0') is { Length: > 0 } digits ? digits : "0";
    }

    private static HashSet<string> Words(string text) =>
        [.. Word().Matches(text).Select(m => m.Value.ToLowerInvariant()).Select(w => w.Length > 5 ? w[..5] : w)];

    [GeneratedRegex(@"https?:|www\.|\]\(|<[a-zA-Z/!]|javascript:|data:|@(?:here|channel|everyone)\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Active();

    [GeneratedRegex(@"[0-9][0-9,]*(?:\.[0-9]+)?", RegexOptions.NonBacktracking)]
    private static partial Regex Number();

    [GeneratedRegex("[\"“`](?<quoted>[^\"”`\\n]+)[\"”`]", RegexOptions.NonBacktracking)]
    private static partial Regex Quotation();

    [GeneratedRegex(@"\p{L}{4,}", RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}
