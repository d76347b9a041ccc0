using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Analysis;

namespace Culprit.Server.Analyst;

/// <summary>Writes analyses and the events that follow from them.</summary>
internal static class AnalysisEvent
{
    private const string Source = "culprit";

    /// <summary>The analysis of an incident with its transcript, as a derived event that follows from an explanation of the ranker.</summary>
    public static DerivedEvent Of(Analysis analysis, IncidentFinding finding, DateTimeOffset at)
    {
        var causeId = AnalystCase.Text(finding.Cause, "id");
        var environment = AnalystCase.Text(finding.State, "environment");
        var id = ContentId.Of("analysis", causeId, analysis.Model);
        var json = Write(writer =>
        {
            Envelope(writer, id, EventTypes.Analysis, at, finding.Id, causeId);
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
        return new DerivedEvent(id, EventTypes.Analysis, UnixNanos.From(at), environment, analysis.Verdict?.Service, finding.Id, causeId, json);
    }

    /// <summary>The incident's newest alert once more, with the explanation beside it.</summary>
    /// <param name="alert">That alert as on the wire.</param>
    public static DerivedEvent Alert(DerivedEvent alert, DerivedEvent analysed, Analysis analysis, DateTimeOffset at)
    {
        var id = ContentId.Of("alert-explained", analysed.Id);
        using var old = JsonDocument.Parse(alert.Json);
        var json = Write(writer =>
        {
            Envelope(writer, id, EventTypes.AlertUpdated, at, alert.CorrelationId!, analysed.Id);
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
        return new DerivedEvent(id, EventTypes.AlertUpdated, UnixNanos.From(at), alert.Environment, null, alert.CorrelationId, analysed.Id, json);
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

    private static void Envelope(Utf8JsonWriter json, string id, string type, DateTimeOffset at, string incidentId, string causationId)
    {
        json.WriteString("id", id);
        json.WriteString("type", type);
        json.WriteString("source", Source);
        json.WriteString("timestamp", CasePrompt.Iso(at));
        json.WriteStartObject("meta");
        json.WriteNull("trace_id");
        json.WriteString("correlation_id", incidentId);
        json.WriteString("causation_id", causationId);
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
