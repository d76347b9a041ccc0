using Culprit.Engine.Patterns;

namespace Culprit.Benchmarks.Patterns;

/// <summary>Whether thresholds carry over: chosen on half of the systems, measured on the other half, for every split.</summary>
internal static class LeaveHalfOut
{
    private static readonly string[][] Settings =
    [
        [], ["DistinctWords=4"], ["DistinctWords=5"], ["DistinctWords=7"], ["DistinctWords=8"], ["DistinctWords=12"],
        ["IdentifierPoints=2"], ["IdentifierPoints=3"], ["IdentifierPoints=4"], ["IdentifierPoints=6"],
        ["PrepositionFactor=1"], ["PrepositionFactor=4"], ["NamingFactor=1"], ["NamingFactor=2"],
        ["PrepositionFactor=1", "NamingFactor=1"], ["IdentifierPoints=2", "PrepositionFactor=1", "NamingFactor=1"],
        ["DistinctPhrases=1"], ["DistinctPhrases=8"],
        ["MinLiterals=1"], ["MinLiterals=3"], ["FrameSize=1"], ["MaxValueWords=0"],
    ];

    public static int Run(string folder)
    {
        var systems = LabelledLines.ReadFolder(folder);
        var styles = StyleCorpus.ReadAll();
        (string Name, Func<LabelledLines, LabelledLines> Rewrite)[] views =
            [("plain", s => s), ("A", BlindLines.Ids), ("B", BlindLines.AndNumbers), ("C", BlindLines.Phrases)];
        var lines = views.Select(v => systems.Select(v.Rewrite).ToArray()).ToArray();
        var scores = Settings.Select(setting =>
        {
            var options = PatternSettings.Read(setting);
            var byView = lines.Select(view => view.Select(s => PatternScores.Of(s, options)).ToArray()).ToArray();
            var style = PatternScores.Mean([.. styles.Select(s => PatternScores.Of(s, options))]);
            Console.WriteLine($"{(setting.Length == 0 ? "default" : string.Join(' ', setting)),-60} "
                + string.Join("  ", byView.Select(v => Pair(PatternScores.Mean(v)))) + $"  styles {Pair(style)}");
            return byView;
        }).ToArray();

        var splits = Enumerable.Range(0, 1 << systems.Length)
            .Where(s => System.Numerics.BitOperations.PopCount((uint)s) == systems.Length / 2).ToList();
        Report("plain", splits, scores, 1);
        Report("plain, A, B and C", splits, scores, views.Length);
        return 0;

        static string Pair(PatternScores s) => $"{s.Ga:F3}/{s.Fga:F3}";
    }

    private static void Report(string name, List<int> splits, PatternScores[][][] scores, int views)
    {
        var chosen = splits.Select(split =>
            Enumerable.Range(0, Settings.Length).MaxBy(s => Sum(scores[s][..views], split))).ToList();
        Console.WriteLine($"{splits.Count} splits, chosen by GA + FGA over {name}:");
        for (var view = 0; view < scores[0].Length; view++)
        {
            var inside = splits.Zip(chosen, (split, s) => Mean(scores[s][view], split)).ToList();
            var outside = splits.Zip(chosen, (split, s) => Mean(scores[s][view], ~split)).ToList();
            var kept = splits.Select(split => Mean(scores[0][view], ~split)).ToList();
            Console.WriteLine(
                $"  view {view}: chosen half {inside.Average(x => x.Ga):F3}/{inside.Average(x => x.Fga):F3}"
                + $"  other half {outside.Average(x => x.Ga):F3}/{outside.Average(x => x.Fga):F3}"
                + $"  default on the other half {kept.Average(x => x.Ga):F3}/{kept.Average(x => x.Fga):F3}");
        }

        foreach (var group in chosen.GroupBy(s => s).OrderByDescending(g => g.Count()))
        {
            Console.WriteLine($"  {group.Count(),3} splits take {(Settings[group.Key].Length == 0 ? "the default" : string.Join(' ', Settings[group.Key]))}");
        }
    }

    private static double Sum(PatternScores[][] views, int split) => views.Sum(v => Mean(v, split).Sum);

    private static PatternScores Mean(PatternScores[] systems, int split) =>
        PatternScores.Mean([.. systems.Where((_, i) => ((split >> i) & 1) != 0)]);
}
