using Culprit.Engine.Records;
using Culprit.Server.Ingestion;

namespace Culprit.Server.HighAvailability;

/// <summary>What other servers have put into the shared log of late, so that an event that was sent to two of them counts once.</summary>
/// <remarks>
/// As long as ids are known anyhow (<see cref="RecentIds"/>). Whoever appends has seen all that was appended before, so of two
/// copies the second is left out, however close they came. Not thread-safe.
/// </remarks>
internal sealed class ForeignEvents(TimeProvider clock)
{
    private readonly RecentIds _ids = new(clock);
    private readonly RecordBatchWriter _writer = new();

    /// <summary>Another server has this in the log.</summary>
    public void Remember(RecordBatch batch)
    {
        if (!batch.IsRetry)
        {
            _ids.Remember(batch);
        }
    }

    /// <summary>What is left of a batch without the records that others have; null when that is nothing.</summary>
    /// <param name="stored">Ids that are known otherwise.</param>
    public RecordBatch? Without(RecordBatch batch, IReadOnlySet<string>? stored = null)
    {
        if (batch.IsRetry)
        {
            return batch;
        }

        if (BodyName.Read(batch) is { } name && _ids.Knows(name.Bytes))
        {
            return null;
        }

        var known = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            known += IsKnown(batch[i], stored) ? 1 : 0;
        }

        return known == 0 ? batch : known == batch.Count ? null : Copy(batch, stored);
    }

    private RecordBatch Copy(RecordBatch batch, IReadOnlySet<string>? stored)
    {
        _writer.Reset();
        for (var i = 0; i < batch.Count; i++)
        {
            if (!IsKnown(batch[i], stored))
            {
                _writer.Copy(batch[i]);
            }
        }

        return _writer.ToBatch(batch.ReceivedNanos, batch.FirstSequence, batch.Note.Span);
    }

    private bool IsKnown(in LogRecord record, IReadOnlySet<string>? stored) =>
        !record.Id.IsEmpty && (_ids.Knows(record.Id) || stored?.Contains(System.Text.Encoding.UTF8.GetString(record.Id)) == true);
}
