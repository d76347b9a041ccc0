using System.Text.Encodings.Web;
using System.Text.Json;

namespace Culprit.Server.Analysis;

/// <summary>The report for scripts: <c>{"incidents":[…]}</c> with what was read beside it.</summary>
internal static class JsonReport
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.Default };

    public static void Write(AnalysisReport report, FileAnalysis analysis, IReadOnlyList<string> problems, Stream output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteStartArray("incidents");
        foreach (var incident in report.Incidents)
        {
            WriteIncident(json, incident);
        }

        json.WriteEndArray();
        json.WriteNumber("records", analysis.RecordsPlayed);
        Counts(json, "by_level", report.ByLevel);
        Counts(json, "by_service", report.ByService);
        json.WriteStartArray("files");
        foreach (var reader in analysis.Readers)
        {
            json.WriteStartObject();
            json.WriteString("path", reader.Input.Path);
            json.WriteNumber("lines", reader.Report.Lines);
            json.WriteNumber("records", reader.Report.Records);
            json.WriteNumber("unparsed_lines", reader.Report.UnparsedLines);
            json.WriteString("problem", reader.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("problems");
        foreach (var problem in problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>One incident with its causes.</summary>
    public static void WriteIncident(Utf8JsonWriter json, IncidentFinding incident)
    {
        json.WriteStartObject();
        json.WriteString("incident_id", incident.Id);
        foreach (var name in (ReadOnlySpan<string>)["environment", "state", "severity", "anomaly_type", "started_at", "detected_at", "last_seen_at", "resolved_at", "error_count", "services"])
        {
            if (incident.State.TryGetProperty(name, out var value))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        json.WriteStartArray("root_causes");
        foreach (var hypothesis in incident.Cause.GetProperty("hypotheses").EnumerateArray())
        {
            hypothesis.WriteTo(json);
        }

        json.WriteEndArray();
        foreach (var name in (ReadOnlySpan<string>)["root_cause", "confidence", "abstained", "recommended_action", "ruled_out", "runbook"])
        {
            if (incident.Cause.TryGetProperty(name, out var value))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        json.WriteStartArray("anomalies");
        foreach (var anomaly in incident.Anomalies)
        {
            anomaly.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Counts(Utf8JsonWriter json, string name, SortedDictionary<string, long> counts)
    {
        json.WriteStartObject(name);
        foreach (var (key, count) in counts)
        {
            json.WriteNumber(key, count);
        }

        json.WriteEndObject();
    }
}
