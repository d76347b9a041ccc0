using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Evaluation;
using Culprit.Server.Printing;
using Spectre.Console;

namespace Culprit.Server.Evaluation;

/// <summary>What would have fired and what would have been missed, for people and for scripts.</summary>
internal static class BacktestReport
{
    public static void Write(BacktestSummary summary, long records, IAnsiConsole console)
    {
        console.WriteLine(Text($"{records} records, {summary.Findings.Count} findings, {summary.Known.Count} known incidents, {summary.Missed.Count} of them missed."));
        console.WriteLine();
        foreach (var finding in summary.Findings)
        {
            var beside = summary.Known.Count > 0 && summary.IsBeside(finding) ? " (no known incident)" : "";
            console.WriteLine(Text($"{finding.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}  {Shown(finding.Detector)}  {finding.AnomalyType}  {Shown(string.Join(", ", finding.Services))}: {Shown(finding.Observed)}{beside}"));
        }

        if (summary.Findings.Count > 0)
        {
            console.WriteLine();
            EvalTable.Table(console, ["detector or rule", "findings", "incidents", "known incidents found", "beside them"], summary.Detectors.Select(d =>
                new[] { Shown(d.Detector), Text($"{d.Findings}"), Text($"{d.Incidents}"), Text($"{d.Found}"), summary.Known.Count == 0 ? "-" : Text($"{d.Beside}") }));
        }

        foreach (var missed in summary.Missed)
        {
            console.WriteLine(Text($"missed: {Shown(missed.Id)}, {missed.Start.UtcDateTime:yyyy-MM-dd HH:mm:ss} to {missed.End.UtcDateTime:HH:mm:ss} {Shown(string.Join(", ", missed.Services))}"));
        }
    }

    public static void WriteJson(BacktestSummary summary, BacktestLog log, long records, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("records", records);
        json.WriteStartArray("findings");
        foreach (var finding in summary.Findings)
        {
            json.WriteStartObject();
            json.WriteString("at", finding.At.UtcDateTime);
            json.WriteString("detector", finding.Detector);
            json.WriteString("anomaly_type", finding.AnomalyType);
            json.WriteString("environment", finding.Environment);
            json.WriteStartArray("services");
            finding.Services.ToList().ForEach(json.WriteStringValue);
            json.WriteEndArray();
            json.WriteString("observed", finding.Observed);
            json.WriteString("incident_id", finding.IncidentId);
            json.WriteBoolean("in_known_incident", !summary.IsBeside(finding));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("known_incidents");
        foreach (var known in summary.Known)
        {
            var first = summary.First(known);
            json.WriteStartObject();
            json.WriteString("id", known.Id);
            json.WriteString("start", known.Start.UtcDateTime);
            json.WriteString("end", known.End.UtcDateTime);
            json.WriteBoolean("missed", first is null);
            json.WriteString("first_detector", first?.Detector);
            if (first is not null)
            {
                json.WriteNumber("delay_seconds", Math.Round((first.At - known.Start).TotalSeconds, 3));
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("events");
        log.Events.ForEach(e => json.WriteRawValue(e.Span));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Shown(string text) => TerminalText.Visible(text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
