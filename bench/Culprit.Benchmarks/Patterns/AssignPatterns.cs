using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks.Patterns;

/// <summary>Mines a file and writes the pattern of each line, as known after the whole file.</summary>
/// <remarks>Settings such as <c>DistinctWords=6</c> replace the defaults, to measure what a threshold is worth.</remarks>
internal static class AssignPatterns
{
    public static int Run(string input, string output, string[] settings)
    {
        var lines = new LogLines(input);
        var miner = new PatternMiner(PatternSettings.Read(settings));
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
}
