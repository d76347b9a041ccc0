using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Turns a stored record back into the form in which the engine takes it.</summary>
internal static class RecordCopy
{
    /// <param name="id">Names the record where it had no id of its own.</param>
    public static void Write(RecordBatchWriter writer, StoredRecord stored, string id, RecordFlags flags)
    {
        writer.Begin();
        Set(LogRecord.ServiceField, stored.Service);
        Set(LogRecord.EnvironmentField, stored.Environment);
        Set(LogRecord.BodyField, stored.Body);
        Set(LogRecord.AttributesField, stored.Attributes);
        Set(LogRecord.TraceIdField, stored.TraceId);
        Set(LogRecord.SpanIdField, stored.SpanId);
        Set(LogRecord.SourceField, stored.Source);
        Set(LogRecord.IdField, id);
        Set(LogRecord.TypeField, stored.Kind == EventKind.Custom ? stored.Type : null);
        Set(LogRecord.CorrelationIdField, stored.CorrelationId);
        Set(LogRecord.CausationIdField, stored.CausationId);
        writer.Commit(stored.TimestampNanos, stored.Kind, stored.Severity, flags, new RecordMark(0, SampleWeights.Choose(stored.Weight, 0)));

        void Set(int field, string? text) => writer.Set(field, Encoding.UTF8.GetBytes(text ?? string.Empty));
    }
}
