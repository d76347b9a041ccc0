using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Server.Printing;
using Culprit.Server.Reporting;

namespace Culprit.Server.Analysis;

/// <summary>The report as one page that needs nothing else: no script, no font, no address outside itself.</summary>
internal static class HtmlReport
{
    public static string Render(AnalysisReport report, FileAnalysis analysis, IReadOnlyList<string> problems)
    {
        var incidents = report.Incidents.ToList();
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture,
            $"<h1>{(incidents.Count == 1 ? "1 incident" : $"{incidents.Count} incidents")} in {analysis.RecordsPlayed:N0} records</h1>");
        if (report.Periods.Count > 0)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<p class=\"meta\">{report.Periods.Min(p => p.Start):yyyy-MM-dd HH:mm:ss} to {analysis.Newest:yyyy-MM-dd HH:mm:ss} UTC, {analysis.Readers.Count} files, {report.ByService.Count} services</p>");
            page.Append(VolumePlot.Render(report.Periods, incidents));
        }

        foreach (var incident in incidents)
        {
            Append(page, incident);
        }

        AppendServices(page, report);
        AppendProblems(page, analysis, problems);
        return ReportPage.Wrap("Culprit report", page.ToString());
    }

    private static void Append(StringBuilder page, IncidentFinding incident)
    {
        var state = incident.State;
        var cause = incident.Cause;
        page.Append(CultureInfo.InvariantCulture,
            $"<h2><span class=\"sev\">{Text(state, "severity")}</span> {Text(state, "anomaly_type").Replace('_', ' ')} in {Text(state, "environment")}</h2>");
        page.Append(CultureInfo.InvariantCulture,
            $"<p class=\"meta\">{state.GetProperty("started_at").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss} to {state.GetProperty("last_seen_at").GetDateTimeOffset():HH:mm:ss} UTC; {state.GetProperty("error_count").GetInt64():N0} errors; {string.Join(", ", state.GetProperty("services").EnumerateArray().Select(s => Safe(s.GetString())))}</p>");
        page.Append(CultureInfo.InvariantCulture,
            $"<div class=\"cause\"><strong>{Text(cause, "root_cause")}</strong><br>Confidence {cause.GetProperty("confidence").GetDouble():0.00}. {Text(cause, "recommended_action")}</div>");
        if (cause.TryGetProperty("runbook", out var runbook))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h3>Runbook: {Text(runbook, "title")}</h3><pre>{Text(runbook, "excerpt")}</pre>");
        }

        foreach (var hypothesis in cause.GetProperty("hypotheses").EnumerateArray())
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<h3>{Safe(CauseName.Of(hypothesis))} <span class=\"meta\">{hypothesis.GetProperty("confidence").GetDouble():0.00}</span></h3><ul>");
            Items("for", "+");
            Items("against", "&minus;");
            page.Append("</ul>");

            void Items(string name, string sign)
            {
                foreach (var item in hypothesis.GetProperty(name).EnumerateArray())
                {
                    page.Append(CultureInfo.InvariantCulture, $"<li><span class=\"{name}\">{sign}</span> {Text(item, "text")}</li>");
                }
            }
        }

        List(page, "Ruled out", cause.GetProperty("ruled_out").EnumerateArray().Select(r => Safe(r.GetString())));
        List(page, "Found by", incident.Anomalies.Select(a => $"{Text(a, "detector")}: {Text(a, "observed")}; expected {Text(a, "expected")}"));
        page.Append("<h3>First errors</h3><pre>");
        foreach (var message in incident.Anomalies.SelectMany(a => a.GetProperty("sample_messages").EnumerateArray()).Take(10))
        {
            page.Append(Safe(message.GetString())).Append('\n');
        }

        page.Append("</pre>");
    }

    private static void AppendServices(StringBuilder page, AnalysisReport report)
    {
        page.Append("<h2>Services</h2><table><tr><th>Service</th><th>Records</th></tr>");
        foreach (var (service, count) in report.ByService.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).Take(100))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Safe(service)}</td><td class=\"n\">{count:N0}</td></tr>");
        }

        page.Append("</table>");
    }

    private static void AppendProblems(StringBuilder page, FileAnalysis analysis, IReadOnlyList<string> problems)
    {
        var unparsed = analysis.Readers.Where(r => r.Report.UnparsedLines > 0).Select(r => string.Create(CultureInfo.InvariantCulture,
            $"{Safe(r.Input.Path)}: {r.Report.UnparsedLines:N0} of {r.Report.Lines:N0} lines have no known format and were kept as text"));
        List(page, "Not read", problems.Select(p => Safe(p)).Concat(unparsed));
    }

    private static void List(StringBuilder page, string title, IEnumerable<string> items)
    {
        var lines = items.ToList();
        if (lines.Count > 0)
        {
            page.Append("<h3>").Append(title).Append("</h3><ul>");
            lines.ForEach(l => page.Append("<li>").Append(l).Append("</li>"));
            page.Append("</ul>");
        }
    }

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? Safe(value.ToString()) : string.Empty;

    private static string Safe(string? text) => HtmlEncoder.Default.Encode(TerminalText.Visible(text));
}
