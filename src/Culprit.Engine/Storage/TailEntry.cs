using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>One batch in memory: its records, their span of time, and what the engine found once it has seen them.</summary>
internal sealed class TailEntry
{
    // Per record: its start in the batch (4 bytes) and its annotations (16 bytes).
    private const int BytesPerRecord = 20;

    private volatile BatchAnnotations? _annotations;

    /// <param name="batch">At least one record.</param>
    /// <param name="addedAt">A timestamp of the owner's clock, for the batch's age.</param>
    public TailEntry(RecordBatch batch, long addedAt)
    {
        Batch = batch;
        AddedAt = addedAt;
        (MinNanos, MaxNanos) = (long.MaxValue, long.MinValue);
        for (var i = 0; i < batch.Count; i++)
        {
            var nanos = batch[i].TimestampNanos;
            MinNanos = Math.Min(MinNanos, nanos);
            MaxNanos = Math.Max(MaxNanos, nanos);
        }
    }

    public RecordBatch Batch { get; }

    public long AddedAt { get; }

    public long MinNanos { get; }

    public long MaxNanos { get; }

    public long Bytes => Batch.Bytes.Length + ((long)BytesPerRecord * Batch.Count);

    /// <summary>Null until the engine has seen the batch; set once.</summary>
    public BatchAnnotations? Annotations
    {
        get => _annotations;
        set => _annotations = value;
    }

    public PatternId Pattern(int index) => _annotations?.Patterns[index] ?? default;

    public long DuplicateOf(int index) => _annotations?.DuplicateOf[index] ?? -1;

    /// <summary>The record at <paramref name="index"/> as queries return it.</summary>
    public StoredRecord Read(int index) => StoredRecord.Of(Batch[index], Pattern(index), DuplicateOf(index));

}
