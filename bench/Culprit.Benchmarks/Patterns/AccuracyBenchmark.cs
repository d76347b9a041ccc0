using Culprit.Engine.Patterns;

namespace Culprit.Benchmarks.Patterns;

/// <summary>How well patterns agree with labels: real systems, the same made blind for masks, and styles nobody tuned on.</summary>
internal static class AccuracyBenchmark
{
    /// <param name="folder">Labelled CSV files, or <c>-</c> for the generated styles alone.</param>
    public static int Run(string folder, string[] arguments)
    {
        var options = PatternSettings.Read(arguments.Where(a => a.Contains('=', StringComparison.Ordinal)));
        var mistakes = arguments.Contains("--mistakes") ? Console.Out : null;
        var labelled = folder == "-" ? [] : LabelledLines.ReadFolder(folder);
        Print("as written", labelled, options, mistakes);
        Print("ids are words", [.. labelled.Select(BlindLines.Ids)], options, null);
        Print("numbers are words", [.. labelled.Select(BlindLines.AndNumbers)], options, null);
        Print("ids are phrases", [.. labelled.Select(BlindLines.Phrases)], options, null);
        Print("generated styles", StyleCorpus.ReadAll(), options, mistakes);
        return 0;
    }

    private static void Print(string title, LabelledLines[] systems, PatternOptions options, TextWriter? mistakes)
    {
        if (systems.Length == 0)
        {
            return;
        }

        var scores = systems.Select(s => PatternScores.Of(s, options, mistakes)).ToArray();
        Console.WriteLine($"{title,-22} GA     FGA    PA     patterns/true");
        foreach (var (system, score) in systems.Zip(scores))
        {
            Console.WriteLine(Row(system.Name, score));
        }

        Console.WriteLine(Row("mean", PatternScores.Mean(scores)));
        Console.WriteLine();
    }

    private static string Row(string name, PatternScores s) =>
        $"  {name,-20} {s.Ga:F3}  {s.Fga:F3}  {s.Pa:F3}  {s.Patterns}/{s.Groups}";
}
