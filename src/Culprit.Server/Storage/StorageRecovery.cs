using Culprit.Engine.Storage;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Makes readable again, before anyone asks, what the journal has and the store had not yet written.</summary>
/// <remarks>Bounded: ingestion refuses while more than the store's memory limit is pending, so no more than that can be behind.</remarks>
internal sealed partial class StorageRecovery(IJournal journal, IRecordStore records, ILogger<StorageRecovery> logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var last = journal.LastSequence;
        if (records.AppliedSequence >= last)
        {
            return;
        }

        long count = 0;
        await foreach (var entry in journal.ReadAsync(records.AppliedSequence, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch is { } batch)
            {
                records.Add(batch);
                count += batch.Count;
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
