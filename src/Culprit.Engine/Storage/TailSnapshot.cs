using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>The batches in memory at one moment; safe to read from any thread.</summary>
/// <remarks>It shares the tail's array: the tail writes only behind <paramref name="count"/>.</remarks>
internal sealed class TailSnapshot(TailEntry[] entries, int count)
{
    private ReadOnlySpan<TailEntry> Entries => entries.AsSpan(0, count);

    public long Count
    {
        get
        {
            var records = 0L;
            foreach (var entry in Entries)
            {
                records += entry.Batch.Count;
            }

            return records;
        }
    }

    /// <summary>The same without the batches up to a sequence.</summary>
    public TailSnapshot After(long sequence)
    {
        var first = 0;
        while (first < count && entries[first].Batch.LastSequence <= sequence)
        {
            first++;
        }

        return first == 0 ? this : new TailSnapshot(entries[first..count], count - first);
    }

    /// <summary>At most <see cref="RecordQuery.Limit"/> records in the order asked for; only these are decoded.</summary>
    public List<StoredRecord> Find(RecordQuery query, CancellationToken cancellationToken)
    {
        var filter = new RecordFilter(query);
        var best = new PriorityQueue<(TailEntry Entry, int Index), (long Nanos, long Sequence)>(
            RecordOrder.WorstFirst(query.OldestFirst));
        for (var e = 0; e < count; e++)
        {
            // In the order of the answer, so that the best are found first and the rest is skipped.
            cancellationToken.ThrowIfCancellationRequested();
            var entry = entries[query.OldestFirst ? e : count - 1 - e];
            if (filter.MayMatch(entry.MinNanos, entry.MaxNanos))
            {
                Collect(entry, query, filter, best);
            }
        }

        var found = new List<StoredRecord>(best.Count);
        while (best.TryDequeue(out var at, out _))
        {
            found.Add(at.Entry.Read(at.Index));
        }

        found.Reverse();
        return found;
    }

    /// <summary>Adds the records that match to a count.</summary>
    public void AddTo(CountGroups groups, CancellationToken cancellationToken)
    {
        var filter = new RecordFilter(groups.Query.Where);
        var series = new SeriesTable();
        var groupOf = new List<int>();
        for (var e = 0; e < count; e++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var entry = entries[e];
            for (var i = 0; filter.MayMatch(entry.MinNanos, entry.MaxNanos) && i < entry.Batch.Count; i++)
            {
                var record = entry.Batch[i];
                var nanos = record.TimestampNanos;
                if (!filter.IsInRange(nanos, record.Sequence) || !filter.Matches(record, entry.Pattern(i), entry.DuplicateOf(i)))
                {
                    continue;
                }

                var number = series.NumberOf(record, entry.Pattern(i));
                if (number == groupOf.Count)
                {
                    groupOf.Add(groups.GroupOf(series[number]));
                }

                if (groupOf[number] >= 0)
                {
                    groups.Add(groupOf[number], nanos, 1, record.Weight);
                }
            }
        }
    }

    /// <summary>The newest record with the sender's id, or null.</summary>
    public StoredRecord? FindById(ReadOnlySpan<byte> id)
    {
        for (var e = count - 1; e >= 0; e--)
        {
            var batch = entries[e].Batch;
            for (var i = batch.Count - 1; i >= 0; i--)
            {
                if (batch[i].Id.SequenceEqual(id))
                {
                    return entries[e].Read(i);
                }
            }
        }

        return null;
    }

    public StoredRecord? FindBySequence(long sequence)
    {
        var (low, high) = (0, count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var batch = entries[middle].Batch;
            if (sequence < batch.FirstSequence)
            {
                high = middle - 1;
            }
            else if (sequence > batch.LastSequence)
            {
                low = middle + 1;
            }
            else
            {
                return entries[middle].Read((int)(sequence - batch.FirstSequence));
            }
        }

        return null;
    }

    private static void Collect(
        TailEntry entry,
        RecordQuery query,
        RecordFilter filter,
        PriorityQueue<(TailEntry Entry, int Index), (long Nanos, long Sequence)> best)
    {
        var batch = entry.Batch;
        for (var n = 0; n < batch.Count; n++)
        {
            var i = query.OldestFirst ? n : batch.Count - 1 - n;
            var record = batch[i];
            var position = (record.TimestampNanos, record.Sequence);
            var isFull = best.Count == query.Limit;
            if (!filter.IsInRange(position.TimestampNanos, position.Sequence)
                || (isFull && best.TryPeek(out _, out var worst) && !RecordOrder.IsBefore(position, worst, query.OldestFirst))
                || !filter.Matches(record, entry.Pattern(i), entry.DuplicateOf(i)))
            {
                continue;
            }

            if (isFull)
            {
                best.EnqueueDequeue((entry, i), position);
            }
            else
            {
                best.Enqueue((entry, i), position);
            }
        }
    }
}
