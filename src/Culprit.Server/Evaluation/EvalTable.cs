using System.Globalization;
using Culprit.Engine.Evaluation;
using Culprit.Server.Printing;
using Spectre.Console;

namespace Culprit.Server.Evaluation;

/// <summary>The figures as tables in Markdown, for whoever sits at the terminal or keeps them in a document.</summary>
internal static class EvalTable
{
    public static void Write(EvalRun run, IAnsiConsole console)
    {
        var rows = run.ByFault.Select(f => Row(run, f.FaultType, f.Summary)).Append(Row(run, "all", run.All));
        Table(console,
            run.IsTold
                ? ["told", "cases", "answered", "top-1", "top-3", "top-5", "change right", "abstained", "seconds"]
                : ["autonomous", "cases", "detected", "delay median", "p90", "top-1", "top-3", "top-5", "change right", "abstained", "before the fault", "inside", "seconds"],
            rows);
        Model(run, console);
        Confidence(run.All.Reliability, console);
        var wrong = run.Scores.Where(s => s.Problem is null && s.Rank != 1).ToList();
        if (wrong.Count > 0)
        {
            console.WriteLine("Not first:");
            console.WriteLine();
            Table(console, ["case", "fault", "truth", "place", "named", "confidence"], wrong.Select(Wrong));
        }
    }

    private static string[] Row(EvalRun run, string name, EvalSummary summary)
    {
        string[] found = run.IsTold ? [] : [Delay(summary.Delay(0.5)), Delay(summary.Delay(0.9))];
        string[] alarms = run.IsTold ? [] : [Text($"{summary.Before}"), Text($"{summary.Inside}")];
        return
        [
            TerminalText.Visible(name), Text($"{summary.Cases}"), Share(summary.Detected, summary.Cases), .. found,
            Share(summary.Top(1), summary.Cases), Share(summary.Top(3), summary.Cases), Share(summary.Top(5), summary.Cases),
            summary.WithChange == 0 ? "-" : Text($"{summary.ChangeRight}/{summary.WithChange}"),
            summary.Abstained == 0 ? "0" : Text($"{summary.Abstained} ({summary.AbstainedRight} right)"), .. alarms, Text($"{summary.Took.TotalSeconds:0.0}"),
        ];
    }

    /// <summary>What a model made of the same explanations, beside the ranker's first place of the same cases.</summary>
    private static void Model(EvalRun run, IAnsiConsole console)
    {
        var asked = run.Scores.Where(s => s.Model is not null).ToList();
        if (asked.Count == 0)
        {
            return;
        }

        var rows = asked.GroupBy(s => s.Case.FaultType).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => ModelRow(g.Key, [.. g])).Append(ModelRow("all", asked));
        Table(console, ["model", "asked", "right", "ranker top-1", "unknown", "no answer", "claims kept", "tokens in", "out", "dollars", "seconds"], rows);
        foreach (var failure in asked.Where(s => s.Model!.Failure is not null).GroupBy(s => s.Model!.Failure!).OrderByDescending(g => g.Count()))
        {
            console.WriteLine(Text($"No answer for {failure.Count()}: {failure.Key}."));
        }
    }

    private static string[] ModelRow(string name, List<CaseScore> scores)
    {
        var models = scores.Select(s => s.Model!).ToList();
        var kept = models.Sum(m => m.Kept);
        return
        [
            TerminalText.Visible(name), Text($"{scores.Count}"), Share(models.Count(m => m.IsRight), scores.Count), Share(scores.Count(s => s.Rank == 1), scores.Count),
            Text($"{models.Count(m => m.IsUnknown)}"), Text($"{models.Count(m => m.Failure is not null)}"), Share(kept, kept + models.Sum(m => m.Dropped)),
            Text($"{models.Sum(m => m.InputTokens)}"), Text($"{models.Sum(m => m.OutputTokens)}"),
            models.All(m => m.Cost is null) ? "-" : Text($"{models.Sum(m => m.Cost ?? 0):0.0000}"), Text($"{models.Sum(m => m.Seconds):0.0}"),
        ];
    }

    private static void Confidence(Reliability reliability, IAnsiConsole console)
    {
        if (reliability.Claims == 0)
        {
            return;
        }

        Table(console, ["confidence up to", "causes named", "mean confidence", "right"],
            reliability.Bins.Select(b => new[] { Text($"{b.End:0.0}"), Text($"{b.Claims}"), Text($"{b.Confidence:0.00}"), Text($"{b.Right:0.00}") }));
        console.WriteLine(Text($"Of {reliability.Claims} causes named: expected calibration error {reliability.CalibrationError:0.000}, Brier score {reliability.Brier:0.000}."));
        console.WriteLine();
    }

    private static string[] Wrong(CaseScore score) =>
    [
        TerminalText.Visible(score.Case.Id), TerminalText.Visible(score.Case.FaultType), TerminalText.Visible(score.Case.RootCauses[0]),
        !score.IsDetected ? "not detected" : score.Rank == 0 ? "-" : Text($"{score.Rank}"),
        TerminalText.Visible(string.Join(", ", score.Named.Take(3))),
        score.IsAbstained ? score.IsDetected ? "abstained" : "" : Text($"{score.Confidence:0.00}"),
    ];

    public static void Table(IAnsiConsole console, string[] head, IEnumerable<string[]> rows)
    {
        List<string[]> all = [head, [.. head.Select(_ => "---")], .. rows];
        var widths = Enumerable.Range(0, head.Length).Select(i => all.Max(r => r[i].Length)).ToArray();
        foreach (var row in all)
        {
            var cells = row.Select((cell, i) => cell == "---" ? new string('-', widths[i]) : cell.PadRight(widths[i]));
            console.WriteLine($"| {string.Join(" | ", cells)} |");
        }

        console.WriteLine();
    }

    private static string Share(int count, int of) => of == 0 ? "-" : Text($"{count}/{of} {(double)count / of:0.000}");

    private static string Delay(double? seconds) => seconds is { } delay ? Text($"{delay:0.0} s") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
