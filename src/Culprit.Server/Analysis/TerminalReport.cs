using System.Globalization;
using System.Text.Json;
using Culprit.Server.Printing;
using Culprit.Server.Reporting;
using Spectre.Console;

namespace Culprit.Server.Analysis;

/// <summary>The report for whoever sits at the terminal: what happened, why, what to do, and what could not be read.</summary>
internal static class TerminalReport
{
    private const int MaxServices = 12;
    private const int MaxMessages = 5;

    public static void Write(AnalysisReport report, FileAnalysis analysis, IReadOnlyList<string> problems, IAnsiConsole console)
    {
        var incidents = report.Incidents.ToList();
        Totals(report, analysis, console);
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"\n[bold]{(incidents.Count == 0 ? "No incident found." : incidents.Count == 1 ? "1 incident" : incidents.Count + " incidents")}[/]");
        foreach (var incident in incidents)
        {
            Write(incident, console);
        }

        Unread(analysis, problems, console);
    }

    private static void Totals(AnalysisReport report, FileAnalysis analysis, IAnsiConsole console)
    {
        var levels = string.Join(", ", report.ByLevel.Where(l => l.Value > 0).OrderByDescending(l => l.Value)
            .Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Value:N0} {l.Key}")));
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{analysis.RecordsPlayed:N0} records[/] from {analysis.Readers.Count} {(analysis.Readers.Count == 1 ? "file" : "files")}{(levels.Length > 0 ? ": " + levels : string.Empty)}");
        if (report.Periods.Count > 0)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"{report.Periods.Min(p => p.Start):yyyy-MM-dd HH:mm:ss} to {analysis.Newest:yyyy-MM-dd HH:mm:ss} UTC");
        }

        var services = report.ByService.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).ToList();
        if (services.Count > 0)
        {
            var named = string.Join(", ", services.Take(MaxServices)
                .Select(s => string.Create(CultureInfo.InvariantCulture, $"{TerminalText.Visible(s.Key)} {s.Value:N0}")));
            var rest = services.Count > MaxServices ? $" and {services.Count - MaxServices} more" : string.Empty;
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{services.Count} services: {named}{rest}[/]");
        }
    }

    private static void Write(IncidentFinding incident, IAnsiConsole console)
    {
        var state = incident.State;
        var cause = incident.Cause;
        console.WriteLine();
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold red]{Text(state, "severity").ToUpperInvariant()}[/] [bold]{Text(state, "anomaly_type")}[/] in {Text(state, "environment")}, {state.GetProperty("started_at").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss} to {state.GetProperty("last_seen_at").GetDateTimeOffset():HH:mm:ss} UTC");
        Line(console, "services", string.Join(", ", state.GetProperty("services").EnumerateArray().Select(s => TerminalText.Visible(s.GetString()))));
        foreach (var anomaly in incident.Anomalies)
        {
            Line(console, "found", $"{Text(anomaly, "observed")}; expected {Text(anomaly, "expected")}");
        }

        Line(console, "cause", string.Create(CultureInfo.InvariantCulture, $"{Text(cause, "root_cause")} (confidence {cause.GetProperty("confidence").GetDouble():0.00})"));
        Line(console, "do", Text(cause, "recommended_action"));
        foreach (var hypothesis in cause.GetProperty("hypotheses").EnumerateArray())
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"  [bold]{TerminalText.Visible(CauseName.Of(hypothesis))}[/] {hypothesis.GetProperty("confidence").GetDouble():0.00}");
            foreach (var item in hypothesis.GetProperty("for").EnumerateArray())
            {
                console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"    [green]+[/] {Text(item, "text")}");
            }

            foreach (var item in hypothesis.GetProperty("against").EnumerateArray())
            {
                console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"    [red]-[/] {Text(item, "text")}");
            }
        }

        foreach (var dismissed in cause.GetProperty("ruled_out").EnumerateArray())
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]ruled out: {TerminalText.Visible(dismissed.GetString())}[/]");
        }

        foreach (var message in incident.Anomalies.SelectMany(a => a.GetProperty("sample_messages").EnumerateArray()).Take(MaxMessages))
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]| {TerminalText.Visible(message.GetString())}[/]");
        }
    }

    private static void Unread(FileAnalysis analysis, IReadOnlyList<string> problems, IAnsiConsole console)
    {
        foreach (var problem in problems)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{TerminalText.Visible(problem)}[/]");
        }

        foreach (var reader in analysis.Readers.Where(r => r.Report.UnparsedLines > 0))
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"[yellow]{TerminalText.Visible(reader.Input.Path)}: {reader.Report.UnparsedLines:N0} of {reader.Report.Lines:N0} lines have no known format and were kept as text, such as:[/]");
            foreach (var example in reader.Report.Examples.Take(2))
            {
                console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]| {TerminalText.Visible(example)}[/]");
            }
        }
    }

    private static void Line(IAnsiConsole console, string label, string text) =>
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]{label,-9}[/]{text}");

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? TerminalText.Visible(value.ToString()) : string.Empty;
}
