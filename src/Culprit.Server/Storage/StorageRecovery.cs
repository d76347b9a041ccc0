using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Makes up, before anyone asks, what memory lost: unwritten records become readable again, recent ids known.</summary>
/// <remarks>
/// Bounded: ingestion refuses while more than the store's memory limit is pending, and <see cref="StoreWriter"/> keeps no
/// more of the journal for the sake of ids than can be read back in seconds.
/// </remarks>
internal sealed partial class StorageRecovery(
    IJournal journal, IRecordStore records, RecentIds ids, TimeProvider clock, ILogger<StorageRecovery> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var last = journal.LastSequence;
        if (last == 0)
        {
            return;
        }

        var idsSince = UnixNanos.From(clock.GetUtcNow() - StoreWriter.IdMemory);
        var stored = records.AppliedSequence;
        long count = 0;
        await foreach (var entry in journal.ReadAsync(0, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch is { } batch)
            {
                if (batch.ReceivedNanos >= idsSince)
                {
                    ids.Remember(batch);
                }

                if (batch.LastSequence > stored)
                {
                    records.Add(batch);
                    count += batch.Count;
                }
            }

            if (entry.LastSequence >= last)
            {
                break;
            }
        }

        Recovered(count);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} records of the journal were not yet in the store; they are readable")]
    private partial void Recovered(long count);
}
