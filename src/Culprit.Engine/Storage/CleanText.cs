using System.Text;
using System.Text.Unicode;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>Makes sure that every text of a batch is UTF-8, which a store must be able to rely on.</summary>
/// <remarks>One broken byte in a column would make the column unreadable for every reader of the file.</remarks>
internal static class CleanText
{
    /// <summary>The batch itself when its texts are sound, else a copy in which broken bytes became U+FFFD.</summary>
    public static RecordBatch Repair(RecordBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (!IsSound(batch[i]))
            {
                return Rewrite(batch);
            }
        }

        return batch;
    }

    // Most records are plain ASCII, which one pass over all fields shows. Otherwise each field is looked at by itself:
    // fields that are broken apart may be sound when read together.
    private static bool IsSound(in LogRecord record) =>
        Ascii.IsValid(record.Bytes[LogRecord.HeaderBytes..])
        || (Utf8.IsValid(record.Service)
            && Utf8.IsValid(record.Environment)
            && Utf8.IsValid(record.Body)
            && Utf8.IsValid(record.Attributes)
            && Utf8.IsValid(record.TraceId)
            && Utf8.IsValid(record.SpanId)
            && Utf8.IsValid(record.Source)
            && Utf8.IsValid(record.Id)
            && Utf8.IsValid(record.Type)
            && Utf8.IsValid(record.CorrelationId)
            && Utf8.IsValid(record.CausationId));

    private static RecordBatch Rewrite(RecordBatch batch)
    {
        var writer = new RecordBatchWriter();
        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch[i];
            if (IsSound(record))
            {
                writer.Copy(record);
                continue;
            }

            writer.Begin();
            Set(writer, LogRecord.ServiceField, record.Service);
            Set(writer, LogRecord.EnvironmentField, record.Environment);
            Set(writer, LogRecord.BodyField, record.Body);
            Set(writer, LogRecord.AttributesField, record.Attributes);
            Set(writer, LogRecord.TraceIdField, record.TraceId);
            Set(writer, LogRecord.SpanIdField, record.SpanId);
            Set(writer, LogRecord.SourceField, record.Source);
            Set(writer, LogRecord.IdField, record.Id);
            Set(writer, LogRecord.TypeField, record.Type);
            Set(writer, LogRecord.CorrelationIdField, record.CorrelationId);
            Set(writer, LogRecord.CausationIdField, record.CausationId);
            writer.Commit(record.TimestampNanos, record.Kind, record.Severity, record.Flags, record.Mark);
        }

        return writer.ToBatch(batch.ReceivedNanos, batch.FirstSequence);
    }

    private static void Set(RecordBatchWriter writer, int field, ReadOnlySpan<byte> text) =>
        writer.Set(field, Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text)));
}
