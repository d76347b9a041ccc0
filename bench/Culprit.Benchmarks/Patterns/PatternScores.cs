using System.Text.RegularExpressions;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks.Patterns;

/// <summary>How well patterns agree with labels.</summary>
/// <param name="Ga">Grouping accuracy: share of lines whose pattern holds exactly the lines of their true group.</param>
/// <param name="Fga">F1 over groups: how many are exactly right.</param>
/// <param name="Pa">Share of lines whose pattern text is the true template.</param>
internal readonly partial record struct PatternScores(double Ga, double Fga, double Pa, int Patterns, int Groups)
{
    public double Sum => Ga + Fga;

    public static PatternScores Of(LabelledLines system, PatternOptions options, TextWriter? mistakes = null)
    {
        var miner = new PatternMiner(options);
        var ids = new PatternId[system.Lines.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = miner.Assign(system.Lines[i]);
        }

        miner.DrainAliases([]);
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = miner.Resolve(ids[i]);
        }

        var found = ids.Index().GroupBy(x => x.Item, x => x.Index).Select(g => g.ToArray()).ToList();
        var truth = system.Groups.Index().GroupBy(x => x.Item, x => x.Index).ToDictionary(g => g.Key, g => g.Count());
        var right = found.Where(g => g.All(i => system.Groups[i] == system.Groups[g[0]]) && truth[system.Groups[g[0]]] == g.Length).ToList();
        var precision = right.Count / (double)found.Count;
        var recall = right.Count / (double)truth.Count;
        var texts = ids.Distinct().ToDictionary(id => id, id => Normalise(miner.Text(id)));
        var sameText = ids.Index().Count(x => texts[x.Item] == Normalise(system.Templates[x.Index]));
        if (mistakes is not null)
        {
            WriteMistakes(system, miner, ids, right.SelectMany(g => g).ToHashSet(), mistakes);
        }

        return new PatternScores(
            right.Sum(g => g.Length) / (double)ids.Length,
            right.Count == 0 ? 0 : 2 * precision * recall / (precision + recall),
            sameText / (double)ids.Length,
            found.Count,
            truth.Count);
    }

    public static PatternScores Mean(IReadOnlyCollection<PatternScores> scores) =>
        new(scores.Average(s => s.Ga), scores.Average(s => s.Fga), scores.Average(s => s.Pa), scores.Sum(s => s.Patterns), scores.Sum(s => s.Groups));

    private static void WriteMistakes(LabelledLines system, PatternMiner miner, PatternId[] ids, HashSet<int> right, TextWriter output)
    {
        foreach (var group in ids.Index().Where(x => !right.Contains(x.Index)).GroupBy(x => system.Groups[x.Index]).OrderByDescending(g => g.Count()))
        {
            output.WriteLine($"{system.Name} {group.Count()} lines of: {system.Templates[group.First().Index]}");
            foreach (var part in group.GroupBy(x => x.Item).OrderByDescending(g => g.Count()).Take(8))
            {
                var others = ids.Index().Count(x => x.Item == part.Key && system.Groups[x.Index] != group.Key);
                output.WriteLine($"    {part.Count(),5} +{others,-5} {miner.Text(part.Key)}");
            }
        }

        foreach (var text in ids.Index().Where(x => right.Contains(x.Index)).GroupBy(x => (Got: miner.Text(x.Item), Want: system.Templates[x.Index]))
            .Where(g => Normalise(g.Key.Got) != Normalise(g.Key.Want)).OrderByDescending(g => g.Count()))
        {
            output.WriteLine($"{system.Name} {text.Count()} lines of: {text.Key.Want}\n     text: {text.Key.Got}");
        }
    }

    // Runs of variables count as one, whatever parts them.
    private static string Normalise(string text) =>
        Spaces().Replace(Runs().Replace(text.Replace("<*>", "\0", StringComparison.Ordinal), "\0"), " ").Trim();

    [GeneratedRegex(@"\0(?:[\s,:;/.|=\-_]*\0)+")]
    private static partial Regex Runs();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
