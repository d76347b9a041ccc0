using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Querying;

/// <summary>Stored and live records -> the wire's events. Attributes go out as the bytes that came in.</summary>
internal sealed class EventJsonWriter(ulong journalId)
{
    // Answers are application/json with nosniff, so the relaxed encoder only keeps other scripts readable.
    public static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The id on the wire: the sender's, or the one derived from the journal's sequence.</summary>
    public string IdOf(StoredRecord record) => record.Id ?? RecordId.Format(journalId, record.Sequence);

    public void Write(Utf8JsonWriter json, StoredRecord record)
    {
        json.WriteStartObject();
        WriteEnvelope(json, record, IdOf(record), record.Type, record.CausationId);
        json.WriteString("service", record.Service);
        json.WriteString("environment", record.Environment);
        switch (record.Kind)
        {
            case EventKind.Log:
                json.WriteString("level", record.Severity.ToWire());
                json.WriteString("message", record.Body);
                WriteContext(json, record);
                break;
            case EventKind.Metric:
                json.WriteString("metric_name", record.Body);
                Spread(json, record);
                break;
            case EventKind.Span:
                json.WriteString("operation", record.Body);
                Spread(json, record);
                break;
            case EventKind.Change:
                json.WriteString("message", record.Body);
                Spread(json, record);
                break;
            case EventKind.Custom:
                Spread(json, record);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)record.Kind}.");
        }

        WriteTrace(json, record);
        WriteFacts(json, record);
        json.WriteEndObject();
    }

    /// <summary>The <c>log.error</c> view of an error or fatal record.</summary>
    public void WriteError(Utf8JsonWriter json, StoredRecord record)
    {
        var id = IdOf(record);
        json.WriteStartObject();
        WriteEnvelope(json, record, id + RecordId.ErrorSuffix, EventTypes.Error, id);
        json.WriteString("service", record.Service);
        json.WriteString("environment", record.Environment);
        json.WriteString("level", record.Severity.ToWire());
        var (type, stack) = ErrorFacts.Of(record.Attributes, record.Body);
        json.WriteString("error_type", type);
        json.WriteString("message", record.Body);
        if (stack is not null)
        {
            json.WriteString("stack_trace", stack);
        }

        WriteContext(json, record);
        WriteTrace(json, record);
        WriteFacts(json, record);
        json.WriteEndObject();
    }

    /// <summary>One event as its own bytes.</summary>
    public ReadOnlyMemory<byte> ToBytes(StoredRecord record, bool asError)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            if (asError)
            {
                WriteError(json, record);
            }
            else
            {
                Write(json, record);
            }
        }

        return buffer.WrittenMemory;
    }

    private static void WriteEnvelope(Utf8JsonWriter json, StoredRecord record, string id, string type, string? causationId)
    {
        json.WriteString("id", id);
        json.WriteString("type", type);
        json.WriteString("source", record.Source);
        json.WriteString("timestamp", TimestampParser.Format(record.TimestampNanos));
        json.WriteStartObject("meta");
        json.WriteString("trace_id", record.TraceId);
        json.WriteString("correlation_id", record.CorrelationId);
        json.WriteString("causation_id", causationId);
        json.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter json, StoredRecord record)
    {
        json.WritePropertyName("context");
        json.WriteRawValue(record.Attributes.Length == 0 ? "{}" : record.Attributes, skipInputValidation: true);
    }

    private static void WriteTrace(Utf8JsonWriter json, StoredRecord record)
    {
        if (record.TraceId is not null)
        {
            json.WriteString("trace_id", record.TraceId);
        }

        if (record.SpanId is not null)
        {
            json.WriteString("span_id", record.SpanId);
        }
    }

    private void WriteFacts(Utf8JsonWriter json, StoredRecord record)
    {
        if (!record.Pattern.IsNone)
        {
            json.WriteString("pattern_id", record.Pattern.ToString());
        }

        if (record.DuplicateOf >= 0)
        {
            json.WriteString("duplicate_of", RecordId.Format(journalId, record.DuplicateOf));
        }

        if (record.Weight > 1)
        {
            json.WriteNumber("sample_weight", record.Weight);
        }

        if (record.Flags == RecordFlags.None)
        {
            return;
        }

        json.WriteStartArray("flags");
        WriteFlag(json, record, RecordFlags.ReceiveTime, "receive_time");
        WriteFlag(json, record, RecordFlags.TimeSuspect, "time_suspect");
        WriteFlag(json, record, RecordFlags.Truncated, "truncated");
        WriteFlag(json, record, RecordFlags.ParseError, "parse_error");
        json.WriteEndArray();
    }

    private static void WriteFlag(Utf8JsonWriter json, StoredRecord record, RecordFlags flag, string word)
    {
        if ((record.Flags & flag) != 0)
        {
            json.WriteStringValue(word);
        }
    }

    /// <summary>Lays the attributes out beside the envelope, where the sender had them; the envelope's own names are ours.</summary>
    private static void Spread(Utf8JsonWriter json, StoredRecord record)
    {
        if (record.Attributes.Length == 0)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(record.Attributes);
        var reader = new Utf8JsonReader(bytes);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isEnvelope = IsEnvelope(ref reader);
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!isEnvelope)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(bytes.AsSpan(start, (int)reader.BytesConsumed - start), skipInputValidation: true);
            }
        }
    }

    private static bool IsEnvelope(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("source"u8)
        || reader.ValueTextEquals("timestamp"u8) || reader.ValueTextEquals("meta"u8) || reader.ValueTextEquals("service"u8)
        || reader.ValueTextEquals("environment"u8) || reader.ValueTextEquals("trace_id"u8) || reader.ValueTextEquals("span_id"u8)
        || reader.ValueTextEquals("pattern_id"u8) || reader.ValueTextEquals("duplicate_of"u8) || reader.ValueTextEquals("flags"u8)
        || reader.ValueTextEquals("sample_weight"u8);

}
