using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Server.Http;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>A change that came to Culprit, on its way through the outbox to a sink that shows changes beside incidents.</summary>
/// <param name="Id">Of the change, as its sender called it, or else of its record.</param>
/// <param name="Service">Empty when the change is of none.</param>
internal sealed record ForwardedChange(
    string Id, string Kind, DateTimeOffset At, string Environment, string Service, string Message, string Commit, IReadOnlyList<string> Files)
{
    private const string Type = "change";
    private const int MaxFiles = 20;

    /// <summary>The changes of a batch as items for each of the sinks.</summary>
    /// <param name="passedOver">Sequences of records that the engine leaves out.</param>
    public static List<OutboxItem> Of(RecordBatch batch, ulong journalId, IReadOnlySet<long> passedOver, IReadOnlyList<string> sinks)
    {
        var items = new List<OutboxItem>();
        for (var i = 0; sinks.Count > 0 && i < batch.Count; i++)
        {
            var record = batch[i];
            if (record.Kind != EventKind.Change || passedOver.Contains(record.Sequence))
            {
                continue;
            }

            // Of the record, not of the change: the same deploy may be told for two services.
            var id = ContentId.Of("forwarded-change", RecordId.Of(record, journalId));
            var json = Read(record, journalId).ToJson(id);
            items.AddRange(sinks.Select(sink => new OutboxItem(id, sink, id, json, 0)));
        }

        return items;
    }

    /// <summary>False for everything but what <see cref="Of"/> made.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out ForwardedChange? change)
    {
        change = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && JsonFields.Text(root, "type") == Type)
            {
                change = new ForwardedChange(
                    JsonFields.Text(root, "change_id"), JsonFields.Text(root, "kind"), root.GetProperty("timestamp").GetDateTimeOffset(),
                    JsonFields.Text(root, "environment"), JsonFields.Text(root, "service"), JsonFields.Text(root, "message"), JsonFields.Text(root, "commit"),
                    JsonFields.Texts(root, "files"));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not one of ours.
        }

        return change is not null;
    }

    private static ForwardedChange Read(in LogRecord record, ulong journalId)
    {
        var change = ChangeReader.Read(record, journalId);
        return new ForwardedChange(
            change.Id, change.Kind, change.At, Encoding.UTF8.GetString(record.Environment), change.Service ?? "", change.Summary, change.CommitId ?? "",
            [.. change.Files.Take(MaxFiles)]);
    }

    private ReadOnlyMemory<byte> ToJson(string id)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", Type);
            json.WriteString("timestamp", At);
            json.WriteString("change_id", Id);
            json.WriteString("kind", Kind);
            json.WriteString("environment", Environment);
            json.WriteString("service", Service);
            json.WriteString("message", Message);
            json.WriteString("commit", Commit);
            json.WriteStartArray("files");
            foreach (var file in Files)
            {
                json.WriteStringValue(file);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
