using System.Text;
using System.Text.Json;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause;

/// <summary>Reads a change from the record that reported it.</summary>
internal static class ChangeReader
{
    public static ChangeEvidence Read(in LogRecord record, ulong journalId)
    {
        string? kind = null;
        string? sha = null;
        var json = new Utf8JsonReader(record.Attributes);
        while (TelemetryFields.NextProperty(ref json, out var name))
        {
            if (name == "kind" && json.TokenType == JsonTokenType.String)
            {
                kind = json.GetString();
            }
            else if (name is "sha" or "change_id" && json.TokenType == JsonTokenType.String)
            {
                sha = json.GetString();
            }
            else
            {
                json.Skip();
            }
        }

        var service = Encoding.UTF8.GetString(record.Service);
        return new ChangeEvidence(
            sha ?? RecordId.Of(record, journalId),
            kind ?? "change",
            service == "unknown" ? null : service,
            UnixNanos.ToTime(record.TimestampNanos),
            Encoding.UTF8.GetString(record.Body));
    }
}
