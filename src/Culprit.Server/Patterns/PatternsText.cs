using System.Globalization;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;
using Culprit.Server.Printing;
using Spectre.Console;

namespace Culprit.Server.Patterns;

/// <summary>The patterns of files for people.</summary>
internal static class PatternsText
{
    public static void Write(PatternsReport report, IAnsiConsole console)
    {
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{report.Records:N0} records, {report.Found:N0} {(report.Found == 1 ? "pattern" : "patterns")}[/]");
        foreach (var entry in report.Shown)
        {
            Write(entry, report.Records, console);
        }

        if (report.Others > 0)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"{report.Others,10:N0} {100.0 * report.Others / report.Records,6:0.00} %  [grey]all others[/]");
        }

        foreach (var problem in report.Problems)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{TerminalText.Visible(problem)}[/]");
        }
    }

    private static void Write(PatternEntry entry, long records, IAnsiConsole console)
    {
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{entry.Count,10:N0} {100.0 * entry.Count / records,6:0.00} %  [bold]{TerminalText.Visible(entry.Text)}[/]");
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{string.Empty,21}[grey]{entry.Id}  {UnixNanos.ToTime(entry.FirstNanos):yyyy-MM-dd HH:mm:ss} to {UnixNanos.ToTime(entry.LastNanos):yyyy-MM-dd HH:mm:ss}  {TerminalText.Visible(string.Join(", ", entry.Services))}[/]");
        foreach (var parameter in entry.Parameters)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"{string.Empty,21}[grey]{TerminalText.Visible(Describe(parameter, entry.Sampled))}[/]");
        }
    }

    private static string Describe(ParameterTally parameter, long sampled)
    {
        var name = parameter.Name.Length > 0 ? parameter.Name + ": " : string.Empty;
        var plus = parameter.Distinct == ParameterTally.MaxDistinct ? "+" : string.Empty;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{name}{PatternsJson.KindName(parameter.Kind)}, {parameter.Distinct}{plus} different in {sampled:N0}");
        if (!parameter.Numbers.IsEmpty)
        {
            var numbers = parameter.Numbers;
            text += $"; p50 {Quantity(parameter.Kind, numbers.Quantile(0.5))}, p95 {Quantity(parameter.Kind, numbers.Quantile(0.95))}, max {Quantity(parameter.Kind, numbers.Max)}";
        }

        var top = parameter.Numbers.IsEmpty || parameter.Distinct <= 8
            ? string.Join(", ", parameter.Top.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Key} ({t.Value:N0})")))
            : string.Empty;
        return top.Length > 0 ? text + "; " + top : text;
    }

    private static string Quantity(ParameterKind kind, double value) => kind switch
    {
        ParameterKind.Duration when value >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.##} s"),
        ParameterKind.Duration when value >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.##} ms"),
        ParameterKind.Duration => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.##} µs"),
        ParameterKind.Size when value >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{value / (1L << 30):0.##} GiB"),
        ParameterKind.Size when value >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{value / (1L << 20):0.##} MiB"),
        ParameterKind.Size when value >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{value / (1L << 10):0.##} KiB"),
        ParameterKind.Size => string.Create(CultureInfo.InvariantCulture, $"{value:0} B"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}"),
    };
}
