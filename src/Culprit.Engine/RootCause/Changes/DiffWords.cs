using System.Text.RegularExpressions;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>What a diff really changed: words taken out and not put back, and words put in.</summary>
internal sealed partial class DiffWords
{
    private readonly HashSet<string> _net = new(StringComparer.Ordinal);
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private readonly HashSet<string> _near = new(StringComparer.Ordinal);

    /// <param name="around">Message and paths of the change.</param>
    public DiffWords(string? diff, string around)
    {
        var added = new List<string>();
        var removed = new List<string>();
        _near.UnionWith(Words.Of(around));
        var hunkAdds = false;
        var hunkRemoves = false;
        foreach (var line in (diff ?? string.Empty).Split('\n'))
        {
            if (line.StartsWith("@@", StringComparison.Ordinal) || line.StartsWith("diff ", StringComparison.Ordinal))
            {
                OnlyDeletes |= hunkRemoves && !hunkAdds;
                (hunkAdds, hunkRemoves) = (false, false);
            }
            else if (line.StartsWith('+') && !line.StartsWith("+++", StringComparison.Ordinal))
            {
                hunkAdds |= IsCode(line);
                added.AddRange(WordsOfCode(line));
            }
            else if (line.StartsWith('-') && !line.StartsWith("---", StringComparison.Ordinal))
            {
                hunkRemoves |= IsCode(line);
                removed.AddRange(WordsOfCode(line));
            }
            else
            {
                _near.UnionWith(Words.Of(line));
            }
        }

        OnlyDeletes |= hunkRemoves && !hunkAdds;
        var (plus, minus) = (added.ToHashSet(StringComparer.Ordinal), removed.ToHashSet(StringComparer.Ordinal));
        _moved.UnionWith(plus.Intersect(minus));
        _net.UnionWith(plus.Union(minus).Except(_moved));
        var all = added.Count + removed.Count;
        NetShare = all == 0 ? 1 : added.Concat(removed).Count(_net.Contains) / (double)all;
    }

    /// <summary>Part of the changed words that are not merely moved: a refactoring puts back what it takes out.</summary>
    public double NetShare { get; }

    /// <summary>Some part of the change only takes code away.</summary>
    public bool OnlyDeletes { get; }

    public IEnumerable<string> All => _net.Concat(_moved).Concat(_near).Distinct(StringComparer.Ordinal);

    /// <summary>How far a word belongs to the change: 1 changed, 0.5 near by, 0.2 moved, 0 not in it.</summary>
    public double Closeness(string word) => _net.Contains(word) ? 1 : _near.Contains(word) ? 0.5 : _moved.Contains(word) ? 0.2 : 0;

    /// <summary>What a line does; what it only says (texts and comments) stands near by: an error quotes it whoever is to blame.</summary>
    private IEnumerable<string> WordsOfCode(string line)
    {
        if (!IsCode(line))
        {
            _near.UnionWith(Words.Of(line));
            return [];
        }

        foreach (Match literal in Literal().Matches(line))
        {
            _near.UnionWith(Words.Of(literal.Value));
        }

        return Words.Of(Literal().Replace(line, " "));
    }

    [GeneratedRegex("\"[^\"]*\"|'[^']*'|`[^`]*`", RegexOptions.CultureInvariant)]
    private static partial Regex Literal();

    private static bool IsCode(string line)
    {
        var text = line[1..].Trim();
        return text.Length > 1 && !text.StartsWith("//", StringComparison.Ordinal) && !text.StartsWith('#') && !text.StartsWith('*');
    }
}
