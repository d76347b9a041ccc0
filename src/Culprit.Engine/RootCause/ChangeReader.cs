using System.Text;
using System.Text.Json;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause.Changes;

namespace Culprit.Engine.RootCause;

/// <summary>Reads a change from the record that reported it.</summary>
internal static class ChangeReader
{
    private const int MaxFiles = 100;
    private const int MaxDiffLength = 16 * 1024;

    public static ChangeEvidence Read(in LogRecord record, ulong journalId)
    {
        string? kind = null, id = null, commit = null, diff = null;
        var files = new List<string>();
        var json = new Utf8JsonReader(record.Attributes);
        while (TelemetryFields.NextProperty(ref json, out var name))
        {
            switch (name)
            {
                case "kind" when json.TokenType == JsonTokenType.String:
                    kind = json.GetString();
                    break;
                case "sha" or "change_id" when json.TokenType == JsonTokenType.String:
                    id = json.GetString();
                    break;
                case "commit_sha" or "commit" or "revision" when json.TokenType == JsonTokenType.String:
                    commit = json.GetString();
                    break;
                case "diff" or "patch" when json.TokenType == JsonTokenType.String:
                    diff = json.GetString();
                    break;
                case "files_changed" or "files" when json.TokenType == JsonTokenType.StartArray:
                    ReadFiles(ref json, files);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        var service = Encoding.UTF8.GetString(record.Service);
        return new ChangeEvidence(
            id ?? RecordId.Of(record, journalId),
            kind ?? "change",
            service == "unknown" ? null : service,
            UnixNanos.ToTime(record.TimestampNanos),
            Encoding.UTF8.GetString(record.Body))
        {
            CommitId = commit ?? (kind == ChangeKind.Deploy ? id : null), // Many tools call what a deploy carries its sha.
            Files = files,
            Diff = diff is { Length: > MaxDiffLength } ? diff[..MaxDiffLength] : diff,
        };
    }

    private static void ReadFiles(ref Utf8JsonReader json, List<string> files)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType == JsonTokenType.String && files.Count < MaxFiles)
            {
                files.Add(json.GetString()!);
            }
            else
            {
                json.Skip();
            }
        }
    }
}
