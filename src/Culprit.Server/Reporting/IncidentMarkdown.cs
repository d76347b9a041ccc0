using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Culprit.Server.Reporting;

/// <summary>The report as Markdown, for a post-mortem or a ticket.</summary>
internal static class IncidentMarkdown
{
    private const int MaxLinesPerItem = 3;

    public static string Render(IncidentReport report)
    {
        var page = new StringBuilder();
        var state = report.State;
        page.Append(CultureInfo.InvariantCulture, $"# {Text(state, "severity").ToUpperInvariant()} {Text(state, "anomaly_type").Replace("\\_", " ", StringComparison.Ordinal)} in {Text(state, "environment")}\n\n");
        Row(page, "Incident", Text(state, "incident_id"));
        Row(page, "State", Text(state, "state"));
        Row(page, "Began", Time(state, "started_at"));
        Row(page, "Detected", Time(state, "detected_at"));
        Row(page, "Last seen", Time(state, "last_seen_at"));
        if (state.TryGetProperty("resolved_at", out _))
        {
            Row(page, "Resolved", Time(state, "resolved_at"));
        }

        Row(page, "Services", string.Join(", ", state.GetProperty("services").EnumerateArray().Select(s => MarkdownText.Inline(s.GetString()))));
        Row(page, "Errors", state.GetProperty("error_count").GetInt64().ToString(CultureInfo.InvariantCulture));
        if (report.Known is { } known)
        {
            Row(page, "Known", MarkdownText.Inline(known.ToString()));
        }

        if (report.Cause.ValueKind == JsonValueKind.Object)
        {
            Cause(page, report);
        }

        if (report.Finding.Analysis.ValueKind == JsonValueKind.Object)
        {
            Analysis(page, report.Finding.Analysis);
        }

        page.Append("\n## Timeline\n\n");
        foreach (var entry in report.Timeline)
        {
            page.Append(CultureInfo.InvariantCulture, $"- {entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} {MarkdownText.Inline(entry.Text)}\n");
        }

        Changes(page, report);
        Lines(page, report);
        return page.ToString();
    }

    private static void Cause(StringBuilder page, IncidentReport report)
    {
        var cause = report.Cause;
        page.Append(CultureInfo.InvariantCulture, $"\n## Cause\n\n**{Text(cause, "root_cause")}**\n\n");
        page.Append(CultureInfo.InvariantCulture, $"Confidence {cause.GetProperty("confidence").GetDouble():0.00}{(cause.GetProperty("abstained").GetBoolean() ? "; no candidate stands out" : "")}.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"**To do:** {Text(cause, "recommended_action")}\n");
        if (cause.TryGetProperty("runbook", out var runbook) && runbook.ValueKind == JsonValueKind.Object)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n**Runbook {Text(runbook, "title")}** ({Text(runbook, "path")})\n\n");
            page.Append(MarkdownText.Block(runbook.GetProperty("excerpt").GetString()!.Split('\n'))).Append('\n');
        }

        foreach (var hypothesis in cause.GetProperty("hypotheses").EnumerateArray())
        {
            var change = Text(hypothesis, "change_id");
            page.Append(CultureInfo.InvariantCulture, $"\n### {MarkdownText.Inline(CauseName.Of(hypothesis))}, {hypothesis.GetProperty("confidence").GetDouble():0.00}{(change.Length > 0 ? ", change " + change : "")}\n\n");
            Items(page, report, hypothesis, "for", "for");
            Items(page, report, hypothesis, "against", "against");
        }

        var ruledOut = cause.GetProperty("ruled_out").EnumerateArray().Select(r => MarkdownText.Inline(r.GetString())).ToList();
        if (ruledOut.Count > 0)
        {
            page.Append("\n### Ruled out\n\n");
            ruledOut.ForEach(r => page.Append("- ").Append(r).Append('\n'));
        }
    }

    /// <summary>What a model said that its evidence bears out, or why there is nothing of it.</summary>
    private static void Analysis(StringBuilder page, JsonElement analysis)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## Explained by {Text(analysis, "model")}\n\n");
        if (Text(analysis, "failure") is { Length: > 0 } failure)
        {
            page.Append(CultureInfo.InvariantCulture, $"Not explained: {failure}. The cause above is the ranker's.\n");
            return;
        }

        var verdict = Text(analysis, "verdict");
        page.Append(CultureInfo.InvariantCulture, $"Verdict: **{(verdict.Length > 0 ? verdict : "unknown")}**. {Text(analysis, "summary")}\n\n");
        if (Text(analysis, "rests_on") is { Length: > 0 } writer)
        {
            page.Append(CultureInfo.InvariantCulture, $"It rests on what {writer} itself logged, and on nothing else.\n\n");
        }

        foreach (var claim in analysis.GetProperty("claims").EnumerateArray())
        {
            page.Append(CultureInfo.InvariantCulture, $"- {Text(claim, "text")}\n");
            foreach (var evidence in claim.GetProperty("evidence").EnumerateArray())
            {
                page.Append(CultureInfo.InvariantCulture, $"  - evidence: {Text(evidence, "text")}\n");
            }
        }

        page.Append(
            CultureInfo.InvariantCulture,
            $"\n{analysis.GetProperty("dropped_claims").GetArrayLength()} claims were dropped. {analysis.GetProperty("input_tokens")} tokens sent, {analysis.GetProperty("output_tokens")} received, {analysis.GetProperty("lookups")} lookups, {analysis.GetProperty("seconds")} s{(analysis.TryGetProperty("cost_usd", out var cost) ? $", {cost} US dollars" : "")}.\n");
    }

    private static void Items(StringBuilder page, IncidentReport report, JsonElement hypothesis, string name, string label)
    {
        foreach (var item in hypothesis.GetProperty(name).EnumerateArray())
        {
            page.Append(CultureInfo.InvariantCulture, $"- {label}: {Text(item, "text")}\n");
            var lines = item.GetProperty("record_ids").EnumerateArray().Select(id => report.Lines.GetValueOrDefault(id.GetString()!)).OfType<ReportLine>()
                .Take(MaxLinesPerItem).Select(l => l.ToString()).ToList();
            if (lines.Count > 0)
            {
                page.Append('\n').Append(string.Join('\n', MarkdownText.Block(lines).Split('\n').Select(l => "  " + l))).Append("\n\n");
            }
        }
    }

    private static void Changes(StringBuilder page, IncidentReport report)
    {
        page.Append("\n## Changes\n\n");
        if (report.Changes.Count == 0)
        {
            page.Append("None is known in the two hours before it or since.\n");
            return;
        }

        page.Append("| time | kind | service | change | |\n| --- | --- | --- | --- | --- |\n");
        foreach (var change in report.Changes)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {change.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} | {MarkdownText.Inline(change.Kind)} | {MarkdownText.Inline(change.Service)} | {MarkdownText.Inline(change.Message)} ({MarkdownText.Inline(change.Id)}) | {change.Verdict} |\n");
        }
    }

    private static void Lines(StringBuilder page, IncidentReport report)
    {
        if (report.Lines.Count > 0)
        {
            page.Append("\n## Log lines\n\n").Append(MarkdownText.Block(report.Lines.Values.OrderBy(l => l.At).Select(l => l.ToString()))).Append('\n');
        }
    }

    private static void Row(StringBuilder page, string label, string value) =>
        page.Append(CultureInfo.InvariantCulture, $"- **{label}:** {value}\n");

    private static string Time(JsonElement json, string name) =>
        json.GetProperty(name).GetDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? MarkdownText.Inline(value.ToString()) : string.Empty;
}
