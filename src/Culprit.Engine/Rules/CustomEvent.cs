using System.Buffers;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Rules;

/// <summary>An event that a rule or handler publishes. Its id derives from what it is about, so a repetition is recognised.</summary>
/// <param name="CorrelationId">Kept from the event that started it all.</param>
/// <param name="CausationId">The event that it follows from.</param>
/// <param name="Json">The whole event as on the wire, UTF-8.</param>
internal sealed record CustomEvent(
    string Id,
    string Type,
    long TimestampNanos,
    string Environment,
    string Service,
    string CorrelationId,
    string CausationId,
    ReadOnlyMemory<byte> Json)
{
    /// <summary>Writes the envelope; <paramref name="fields"/> writes the rest into the open object.</summary>
    public static CustomEvent Write(
        string id, string type, string source, long timestampNanos, string environment, string service, string? traceId,
        string correlationId, string causationId, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type);
            json.WriteString("source", source);
            json.WriteString("timestamp", FilterText.Time(timestampNanos));
            json.WriteStartObject("meta");
            if (traceId is not null)
            {
                json.WriteString("trace_id", traceId);
            }

            json.WriteString("correlation_id", correlationId);
            json.WriteString("causation_id", causationId);
            json.WriteEndObject();
            fields(json);
            json.WriteEndObject();
        }

        return new CustomEvent(id, type, timestampNanos, environment, service, correlationId, causationId, buffer.WrittenMemory);
    }

    /// <summary>An event of the engine, for rules that name its type.</summary>
    public static CustomEvent Of(DerivedEvent derived) => new(
        derived.Id, derived.Type, derived.TimestampNanos, derived.Environment, derived.Service ?? "culprit",
        derived.CorrelationId ?? derived.Id, derived.CausationId ?? string.Empty, derived.Json);

    /// <summary>The event as it is stored.</summary>
    public DerivedEvent ToDerived() => new(Id, Type, TimestampNanos, Environment, Service, CorrelationId, CausationId, Json);

    /// <summary>The event as rules see it.</summary>
    /// <param name="sequence">Of the record that started it all: an event that the engine made has none of its own.</param>
    public RecordBatch ToBatch(long sequence)
    {
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Set(LogRecord.IdField, Encoding.UTF8.GetBytes(Id));
        writer.Set(LogRecord.TypeField, Encoding.UTF8.GetBytes(Type));
        writer.Set(LogRecord.ServiceField, Encoding.UTF8.GetBytes(Service));
        writer.Set(LogRecord.EnvironmentField, Encoding.UTF8.GetBytes(Environment));
        writer.Set(LogRecord.CorrelationIdField, Encoding.UTF8.GetBytes(CorrelationId));
        writer.Set(LogRecord.CausationIdField, Encoding.UTF8.GetBytes(CausationId));
        writer.Set(LogRecord.AttributesField, Json.Span);
        writer.Commit(TimestampNanos, EventKind.Custom, Severity.Info, RecordFlags.None);
        return writer.ToBatch(TimestampNanos, sequence);
    }
}
