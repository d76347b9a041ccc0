using System.Globalization;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks;

/// <summary>Mines a file and writes the pattern of each line, as known after the whole file.</summary>
/// <remarks>Settings such as <c>DistinctWords=6</c> replace the defaults, to measure what a threshold is worth.</remarks>
internal static class AssignPatterns
{
    public static int Run(string input, string output, string[] settings)
    {
        var lines = new LogLines(input);
        var miner = new PatternMiner(settings.Aggregate(new PatternOptions(), With));
        var ids = new PatternId[lines.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = miner.Assign(lines[i]);
        }

        miner.DrainAliases(new List<PatternAlias>());
        using var writer = new StreamWriter(output);
        var texts = new Dictionary<PatternId, string>();
        foreach (var id in ids)
        {
            var current = miner.Resolve(id);
            if (!texts.TryGetValue(current, out var text))
            {
                texts.Add(current, text = miner.Text(current));
            }

            writer.Write($"{current}\t{text}\n");
        }

        return 0;
    }

    private static PatternOptions With(PatternOptions options, string setting)
    {
        var parts = setting.Split('=');
        var value = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return parts[0] switch
        {
            nameof(PatternOptions.DistinctWords) => options with { DistinctWords = value },
            nameof(PatternOptions.DistinctWordsBesideOne) => options with { DistinctWordsBesideOne = value },
            nameof(PatternOptions.DistinctNumberedWords) => options with { DistinctNumberedWords = value },
            nameof(PatternOptions.MinLiterals) => options with { MinLiterals = value },
            nameof(PatternOptions.FrameSize) => options with { FrameSize = value },
            nameof(PatternOptions.MaxValueWords) => options with { MaxValueWords = value },
            nameof(PatternOptions.MaxHoles) => options with { MaxHoles = value },
            nameof(PatternOptions.MaxPatterns) => options with { MaxPatterns = value },
            _ => throw new ArgumentException($"Unknown setting {setting}.", nameof(setting)),
        };
    }
}
