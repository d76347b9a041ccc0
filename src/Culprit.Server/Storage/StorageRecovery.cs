using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Makes up, before anyone asks, what memory lost: unwritten records become readable again, recent ids and keys known.</summary>
/// <remarks>
/// Bounded, whatever the backlog: as many records as memory may hold, the engine brings the others as it comes to them; and
/// the ids and keys of the newest part of the journal (older keys have been saved).
/// </remarks>
internal sealed partial class StorageRecovery(
    FileJournal journal, IJournal main, IRecordStore records, RecordFeed feed, IDeadLetterStore letters, RecentIds ids, IdempotencyKeys keys, IdempotencyArchive archive,
    TimeProvider clock,
    ILogger<StorageRecovery> logger)
{
    /// <summary>Most bytes of the journal that are read for the sake of ids and keys.</summary>
    private const long MaxIdBytes = 512L * 1024 * 1024;

    private static readonly TimeSpan WithoutEnd = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var range in journal.CorruptRanges)
        {
            Damaged(range.Segment, range.Offset, range.Length, range.FirstSequence, range.Reason, range.SavedAs ?? "nothing");
        }

        // Where the journal of this disk is numbered anew elsewhere, what it still has is in nobody's hands yet.
        var saved = await archive.LoadAsync(cancellationToken).ConfigureAwait(false);
        saved = main.NumbersAtOnce ? saved : 0;
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
            await AddUnwrittenAsync(journal.LastSequence, limit.Token).ConfigureAwait(false);
            await RememberSendersAsync(saved, journal.LastSequence, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            EndMissing();
        }
    }

    private async Task AddUnwrittenAsync(long last, CancellationToken cancellationToken)
    {
        long count = 0;
        if (records.AppliedSequence >= last)
        {
            return; // A reader would wait for more.
        }

        await foreach (var entry in journal.ReadAsync(records.AppliedSequence, cancellationToken).ConfigureAwait(false))
        {
            if (feed.IsFull)
            {
                feed.FallBehind(entry.Sequence - 1, last);
                Backlog(count, last - entry.Sequence);
                return;
            }

            // A batch that straddles what is stored is ignored by the store.
            if (entry.Batch is { IsRetry: false } batch)
            {
                records.Add(batch);
                count += batch.Count;
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

    private async Task RememberSendersAsync(long saved, long last, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var since = UnixNanos.From(now - StoreWriter.IdMemory);
        var unsaved = Math.Max(saved, journal.FindPositionBefore(UnixNanos.From(now - IdempotencyKeys.Kept), MaxIdBytes));
        var position = Math.Min(unsaved, journal.FindPositionBefore(since, MaxIdBytes));
        if (position >= last)
        {
            return;
        }

        await foreach (var entry in journal.ReadAsync(position, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch is { IsRetry: true } retry)
            {
                // The letter outlives its retry when the process ends between the two.
                await letters.DropRetriedAsync(RecordId.Of(retry[0], journal.Id), UnixNanos.ToTime(retry.ReceivedNanos), cancellationToken)
                    .ConfigureAwait(false);
            }
            else if (entry.Batch is { } batch)
            {
                if (batch.ReceivedNanos >= since)
                {
                    ids.Remember(batch);
                }

                if (!batch.Note.IsEmpty && IdempotencyNote.Read(batch, journal.Id) is { } kept)
                {
                    keys.Remember(kept, isSaved: false);
                }
            }

            if (entry.LastSequence >= last)
            {
                break;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal is damaged: {Segment} at byte {Offset}, {Length} bytes, from sequence {Sequence} on ({Reason}); the bytes are kept in corrupt/ as {SavedAs}. Acknowledged records may be missing")]
    private partial void Damaged(string segment, long offset, long length, long sequence, string reason, string savedAs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the journal could not be found; what was read is there")]
    private partial void EndMissing();

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} records of the journal were not yet in the store; they are readable")]
    private partial void Recovered(long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal holds more than memory may: {Count} records are readable at once, some {Left} more will be as detection comes to them")]
    private partial void Backlog(long count, long left);
}
