using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Tests.Storage;

/// <summary>Builds batches for the tests of stores.</summary>
internal static class RecordBatches
{
    /// <summary>2026-09-21 14:13:20 UTC.</summary>
    public const long Start = 1_790_000_000 * UnixNanos.PerSecond;

    public static RecordBatch Of(long firstSequence, params IEnumerable<Row> rows) => Received(Start, firstSequence, rows);

    public static RecordBatch Received(long receivedNanos, long firstSequence, params IEnumerable<Row> rows)
    {
        var writer = new RecordBatchWriter();
        foreach (var row in rows)
        {
            writer.Begin();
            Set(writer, LogRecord.ServiceField, row.Service);
            Set(writer, LogRecord.EnvironmentField, row.Environment);
            Set(writer, LogRecord.BodyField, row.Body);
            Set(writer, LogRecord.AttributesField, row.Attributes);
            Set(writer, LogRecord.TraceIdField, row.TraceId);
            Set(writer, LogRecord.SpanIdField, row.SpanId);
            Set(writer, LogRecord.SourceField, row.Source);
            Set(writer, LogRecord.IdField, row.Id);
            Set(writer, LogRecord.TypeField, row.Type);
            Set(writer, LogRecord.CorrelationIdField, row.CorrelationId);
            Set(writer, LogRecord.CausationIdField, row.CausationId);
            if (row.RawBody is not null)
            {
                writer.Set(LogRecord.BodyField, row.RawBody);
            }

            writer.Commit(row.Nanos, row.Kind, row.Severity, row.Flags, row.Mark);
        }

        return writer.ToBatch(receivedNanos, firstSequence);
    }

    /// <summary>Adds a batch and annotates it with what its rows say.</summary>
    public static void AddAnnotated(this IRecordStore store, long firstSequence, params Row[] rows)
    {
        store.Add(Of(firstSequence, rows));
        store.Annotate(firstSequence, Annotations(rows));
    }

    public static BatchAnnotations Annotations(params Row[] rows)
    {
        var annotations = new BatchAnnotations(rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            annotations.Patterns[i] = new PatternId(rows[i].Pattern);
            annotations.DuplicateOf[i] = rows[i].DuplicateOf;
        }

        return annotations;
    }

    private static void Set(RecordBatchWriter writer, int field, string text) =>
        writer.Set(field, Encoding.UTF8.GetBytes(text));
}
