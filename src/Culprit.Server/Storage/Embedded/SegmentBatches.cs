using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Turns rows that were read from segments back into batches, so that they can be written again.</summary>
/// <param name="retentionClass">The number under which they are written.</param>
/// <param name="receivedNanos">When they came in.</param>
internal sealed class SegmentBatches(int retentionClass, long receivedNanos)
{
    private const int RowsPerBatch = 1024;

    private readonly RecordBatchWriter _writer = new();
    private readonly List<(PatternId Pattern, long DuplicateOf)> _annotations = [];
    private long _first;

    /// <summary>All rows of some groups, in the order of sequence.</summary>
    public List<TailEntry> Of(List<SegmentColumns> groups)
    {
        var rows = new List<(int Group, int Row)>();
        var sequences = new List<long>();
        for (var g = 0; g < groups.Count; g++)
        {
            for (var row = 0; row < groups[g].Rows; row++)
            {
                rows.Add((g, row));
                sequences.Add(groups[g].Number(SegmentSchema.Sequence, row));
            }
        }

        var ordered = rows.ToArray();
        Array.Sort(sequences.ToArray(), ordered);
        var entries = new List<TailEntry>();
        foreach (var (group, row) in ordered)
        {
            Add(groups[group], row, entries);
        }

        EndBatch(entries);
        return entries;
    }

    private void Add(SegmentColumns columns, int row, List<TailEntry> entries)
    {
        // A batch numbers its records one by one; records of other classes in between end it.
        var sequence = columns.Number(SegmentSchema.Sequence, row);
        if (_annotations.Count == RowsPerBatch || sequence != _first + _annotations.Count)
        {
            EndBatch(entries);
            _first = sequence;
        }

        _writer.Begin();
        Set(LogRecord.ServiceField, SegmentSchema.Service);
        Set(LogRecord.EnvironmentField, SegmentSchema.Environment);
        Set(LogRecord.BodyField, SegmentSchema.Body);
        Set(LogRecord.AttributesField, SegmentSchema.Attributes);
        Set(LogRecord.TraceIdField, SegmentSchema.TraceId);
        Set(LogRecord.SpanIdField, SegmentSchema.SpanId);
        Set(LogRecord.SourceField, SegmentSchema.Source);
        Set(LogRecord.IdField, SegmentSchema.Id);
        Set(LogRecord.TypeField, SegmentSchema.Type);
        Set(LogRecord.CorrelationIdField, SegmentSchema.CorrelationId);
        Set(LogRecord.CausationIdField, SegmentSchema.CausationId);
        _writer.Commit(
            unchecked((columns.Number(SegmentSchema.Timestamp, row) * 1000) + columns.Number(SegmentSchema.Nanos, row)),
            SegmentKinds.FromWord(Word(SegmentSchema.Kind)).Kind,
            SegmentKinds.ToSeverity(Word(SegmentSchema.Level)),
            (RecordFlags)columns.Number(SegmentSchema.Flags, row),
            new RecordMark(retentionClass, SampleWeights.Choose(columns.Number(SegmentSchema.Weight, row, 1), 0)));
        _annotations.Add((
            new PatternId(unchecked((ulong)columns.Number(SegmentSchema.Pattern, row))),
            columns.Number(SegmentSchema.DuplicateOf, row, -1)));

        void Set(int field, int column)
        {
            if (columns.Text(column, row) is { IsEmpty: false } text)
            {
                _writer.Set(field, text);
            }
        }

        string Word(int column) => Encoding.UTF8.GetString(columns.Text(column, row));
    }

    private void EndBatch(List<TailEntry> entries)
    {
        if (_annotations.Count == 0)
        {
            return;
        }

        var annotations = new BatchAnnotations(_annotations.Count);
        for (var i = 0; i < _annotations.Count; i++)
        {
            (annotations.Patterns[i], annotations.DuplicateOf[i]) = _annotations[i];
        }

        entries.Add(new TailEntry(_writer.ToBatch(receivedNanos, _first), 0) { Annotations = annotations });
        _writer.Reset();
        _annotations.Clear();
    }
}
