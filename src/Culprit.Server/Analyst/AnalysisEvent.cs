using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Analysis;
using Culprit.Server.Http;

namespace Culprit.Server.Analyst;

/// <summary>Writes analyses and the events that follow from them.</summary>
internal static class AnalysisEvent
{
    /// <summary>The analysis of an incident with its transcript, as a derived event that follows from an explanation of the ranker.</summary>
    public static DerivedEvent Of(Analysis analysis, IncidentFinding finding, DateTimeOffset at)
    {
        var causeId = JsonFields.Text(finding.Cause, "id");
        var environment = JsonFields.Text(finding.State, "environment");
        var id = ContentId.Of("analysis", causeId, analysis.Model);
        return EventWriter.Write(id, EventTypes.Analysis, at, environment, analysis.Verdict?.Service, finding.Id, causeId, null, writer =>
        {
            writer.WriteString("incident_id", finding.Id);
            writer.WriteString("environment", environment);
            writer.WriteString("suspect", AnalystCase.SuspectOf(finding.Cause));
            WriteFields(writer, analysis);
            writer.WriteStartArray("transcript");
            foreach (var entry in analysis.Transcript)
            {
                writer.WriteStartObject();
                writer.WriteString("role", entry.Role);
                writer.WriteString("text", entry.Text);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>The incident's newest alert once more, with the explanation beside it.</summary>
    /// <param name="alert">That alert as on the wire.</param>
    public static DerivedEvent Alert(DerivedEvent alert, DerivedEvent analysed, Analysis analysis, DateTimeOffset at)
    {
        var id = ContentId.Of("alert-explained", analysed.Id);
        using var old = JsonDocument.Parse(alert.Json);
        return EventWriter.Write(id, EventTypes.AlertUpdated, at, alert.Environment, null, alert.CorrelationId, analysed.Id, null, writer =>
        {
            foreach (var property in old.RootElement.EnumerateObject())
            {
                if (property.Name is not ("id" or "type" or "source" or "timestamp" or "meta" or "explanation" or "supersedes"))
                {
                    property.WriteTo(writer);
                }
            }

            writer.WriteString("explanation", InWords(analysis));
            writer.WriteString("supersedes", alert.Id);
        });
    }

    /// <summary>The analysis in a few lines of plain text.</summary>
    public static string InWords(Analysis analysis)
    {
        var text = analysis.Summary.Length > 0 ? analysis.Summary : string.Join(' ', analysis.Claims.Select(c => c.Text));
        var verdict = analysis.Verdict is { } cause ? $"{analysis.Model} blames {cause.Service}" : $"{analysis.Model} does not decide";
        var caution = analysis.RestsOn is { } writer ? $" This rests on what {writer} itself logged." : "";
        return $"{verdict}. {text}{caution}";
    }

    /// <summary>Everything but the transcript.</summary>
    public static void WriteFields(Utf8JsonWriter json, Analysis analysis)
    {
        json.WriteString("model", analysis.Model);
        json.WriteString("failure", analysis.Failure);
        json.WriteString("verdict", analysis.Verdict?.Service);
        json.WriteString("change_id", analysis.Verdict?.Change);
        json.WriteString("summary", analysis.Summary);
        json.WriteStartArray("claims");
        foreach (var claim in analysis.Claims)
        {
            json.WriteStartObject();
            json.WriteString("text", claim.Text);
            json.WriteStartArray("evidence");
            foreach (var evidence in claim.Evidence)
            {
                json.WriteStartObject();
                json.WriteString("text", evidence.Text);
                json.WriteStartArray("record_ids");
                foreach (var record in evidence.RecordIds)
                {
                    json.WriteStringValue(record);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("dropped_claims");
        foreach (var dropped in analysis.Dropped)
        {
            json.WriteStringValue(dropped.Reason);
        }

        json.WriteEndArray();
        json.WriteString("rests_on", analysis.RestsOn);
        json.WriteNumber("input_tokens", analysis.Usage.InputTokens);
        json.WriteNumber("output_tokens", analysis.Usage.OutputTokens);
        json.WriteNumber("lookups", analysis.Usage.Lookups);
        json.WriteNumber("seconds", analysis.Usage.Seconds);
        if (analysis.Usage.Cost is { } cost)
        {
            json.WriteNumber("cost_usd", Math.Round(cost, 6));
        }
    }
}
