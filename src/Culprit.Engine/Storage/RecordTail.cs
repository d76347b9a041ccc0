using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>The newest batches of a record store, in sequence, kept in memory.</summary>
/// <remarks>Not thread-safe: its owner holds a lock around every call, and reads from a <see cref="TailSnapshot"/> outside it.</remarks>
/// <param name="afterSequence">Everything up to here is already in the store: such batches are ignored.</param>
internal sealed class RecordTail(long afterSequence)
{
    private TailEntry[] _entries = new TailEntry[64];
    private int _count;
    private int _annotated;

    /// <summary>Newest sequence that was ever added.</summary>
    public long LastSequence { get; private set; } = afterSequence;

    public long Bytes { get; private set; }

    /// <summary>What went through since the start, in records.</summary>
    public RecordFlow Flow { get; private set; }

    /// <summary>The batches that the engine has seen, oldest first.</summary>
    public ReadOnlySpan<TailEntry> Annotated => _entries.AsSpan(0, _annotated);

    /// <summary>Appends a batch; one that was added before is ignored, because the journal repeats itself after a crash.</summary>
    public void Add(RecordBatch batch, long addedAt)
    {
        if (batch.Count == 0 || batch.LastSequence <= LastSequence)
        {
            return;
        }

        if (batch.FirstSequence <= LastSequence)
        {
            throw new ArgumentException(
                $"Batch {batch.FirstSequence}..{batch.LastSequence} overlaps what is stored up to {LastSequence}.", nameof(batch));
        }

        var entry = new TailEntry(CleanText.Repair(batch), addedAt);
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * _count);
        }

        _entries[_count++] = entry;
        LastSequence = batch.LastSequence;
        Bytes += entry.Bytes;
        Flow = Flow with { Added = Flow.Added + batch.Count, Waiting = Flow.Waiting + batch.Count };
    }

    /// <summary>Hands a batch what the engine found; a batch that has it already, or is already stored, is ignored.</summary>
    public void Annotate(long firstSequence, BatchAnnotations annotations)
    {
        if (_annotated == _count || firstSequence < _entries[_annotated].Batch.FirstSequence)
        {
            if (firstSequence > LastSequence)
            {
                throw new ArgumentException($"No batch at {firstSequence} was added.", nameof(firstSequence));
            }

            return;
        }

        var next = _entries[_annotated];
        if (next.Batch.FirstSequence != firstSequence)
        {
            throw new ArgumentException(
                $"Batch {firstSequence} is annotated before batch {next.Batch.FirstSequence}.", nameof(firstSequence));
        }

        if (annotations.Patterns.Length != next.Batch.Count)
        {
            throw new ArgumentException(
                $"{annotations.Patterns.Length} annotations for {next.Batch.Count} records.", nameof(annotations));
        }

        next.Annotations = annotations;
        _annotated++;
    }

    /// <summary>The oldest annotated batches, as many as are written together; null while they are neither as many nor old enough.</summary>
    /// <param name="all">Whatever is there.</param>
    /// <param name="maxRows">So many records, or <paramref name="maxBytes"/> bytes, are enough; the last batch may go beyond.</param>
    /// <param name="isOld">Of a batch's <see cref="TailEntry.AddedAt"/>.</param>
    public TailEntry[]? TakeDue(bool all, int maxRows, long maxBytes, Func<long, bool> isOld)
    {
        var (count, rows, bytes) = (0, 0L, 0L);
        while (count < _annotated && rows < maxRows && bytes < maxBytes)
        {
            rows += _entries[count].Batch.Count;
            bytes += _entries[count].Batch.Bytes.Length;
            count++;
        }

        var isDue = count > 0 && (all || rows >= maxRows || bytes >= maxBytes || isOld(_entries[0].AddedAt));
        return isDue ? _entries[..count] : null;
    }

    /// <summary>Drops the oldest annotated batches: the store has them now.</summary>
    public void RemoveFirst(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _annotated);
        for (var i = 0; i < count; i++)
        {
            Bytes -= _entries[i].Bytes;
            var records = _entries[i].Batch.Count;
            Flow = Flow with { Written = Flow.Written + records, Waiting = Flow.Waiting - records };
        }

        // A new array, because snapshots still read the old one.
        var rest = new TailEntry[Math.Max(64, _count - count)];
        _entries.AsSpan(count, _count - count).CopyTo(rest);
        _entries = rest;
        _count -= count;
        _annotated -= count;
    }

    /// <summary>What is there now; later calls do not change it.</summary>
    public TailSnapshot Snapshot() => new(_entries, _count);
}
