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
    FileJournal journal, IRecordStore records, IDeadLetterStore letters, RecentIds ids, TimeProvider clock, ILogger<StorageRecovery> logger)
{
    private static readonly TimeSpan WithoutEnd = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var range in journal.CorruptRanges)
        {
            Damaged(range.Segment, range.Offset, range.Length, range.FirstSequence, range.Reason, range.SavedAs ?? "nothing");
        }

        if (journal.LastSequence == 0)
        {
            return;
        }

        // The newest entry may be the damaged one, and a reader waits for what comes after it: let there be something.
        var before = journal.LastSequence;
        await journal.AppendTickAsync(UnixNanos.From(clock.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (journal.LastSequence == before)
        {
            limit.CancelAfter(WithoutEnd); // A full disk takes no tick.
        }

        try
        {
            await ReadAsync(journal.LastSequence, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            EndMissing();
        }
    }

    private async Task ReadAsync(long last, CancellationToken cancellationToken)
    {
        var idsSince = UnixNanos.From(clock.GetUtcNow() - StoreWriter.IdMemory);
        var stored = records.AppliedSequence;
        long count = 0;
        await foreach (var entry in journal.ReadAsync(0, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch is { IsRetry: true } retry)
            {
                // The letter outlives its retry when the process ends between the two.
                await letters.DropRetriedAsync(RecordId.Of(retry[0], journal.Id), UnixNanos.ToTime(retry.ReceivedNanos), cancellationToken)
                    .ConfigureAwait(false);
            }
            else if (entry.Batch is { } batch)
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

        if (count > 0)
        {
            Recovered(count);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal is damaged: {Segment} at byte {Offset}, {Length} bytes, from sequence {Sequence} on ({Reason}); the bytes are kept in corrupt/ as {SavedAs}. Acknowledged records may be missing")]
    private partial void Damaged(string segment, long offset, long length, long sequence, string reason, string savedAs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the journal could not be found; what was read is there")]
    private partial void EndMissing();

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} records of the journal were not yet in the store; they are readable")]
    private partial void Recovered(long count);
}
