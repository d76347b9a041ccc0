using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>What the records of one retention class in some batches have in common, found before they are written.</summary>
internal sealed class SegmentSpan(int retentionClass)
{
    public int RetentionClass => retentionClass;

    public long FirstSequence { get; private set; } = long.MaxValue;

    public long LastSequence { get; private set; }

    public long MinNanos { get; private set; } = long.MaxValue;

    public long MaxNanos { get; private set; } = long.MinValue;

    public long ReceivedNanos { get; private set; } = long.MinValue;

    public long Rows { get; private set; }

    public long RowsWithId { get; private set; }

    /// <summary>One for each class that occurs.</summary>
    public static IReadOnlyList<SegmentSpan> Of(IReadOnlyList<TailEntry> entries)
    {
        var byClass = new SegmentSpan?[RecordMark.Classes];
        foreach (var entry in entries)
        {
            for (var i = 0; i < entry.Batch.Count; i++)
            {
                var record = entry.Batch[i];
                var number = record.Mark.RetentionClass;
                (byClass[number] ??= new SegmentSpan(number)).Add(record, entry.Batch.ReceivedNanos);
            }
        }

        return [.. byClass.OfType<SegmentSpan>()];
    }

    private void Add(in LogRecord record, long receivedNanos)
    {
        FirstSequence = Math.Min(FirstSequence, record.Sequence);
        LastSequence = Math.Max(LastSequence, record.Sequence);
        MinNanos = Math.Min(MinNanos, record.TimestampNanos);
        MaxNanos = Math.Max(MaxNanos, record.TimestampNanos);
        ReceivedNanos = Math.Max(ReceivedNanos, receivedNanos);
        Rows++;
        RowsWithId += record.Id.IsEmpty ? 0 : 1;
    }
}
