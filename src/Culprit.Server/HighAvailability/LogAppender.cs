using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Postgres;
using Npgsql;

namespace Culprit.Server.HighAvailability;

/// <summary>Puts entries of this server at the end of the shared log, without what another one has put there before.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class LogAppender(
    PostgresDatabase database, SharedLogTable table, SharedLog log, FileJournal intake, ServerRole role, ForeignEvents foreign, TickHold hold, RecentIds ids,
    IdempotencyKeys keys, TimeProvider clock)
{
    /// <summary>How far back ids are learned at a start, and most bytes that are read for it.</summary>
    private static readonly TimeSpan IdMemory = TimeSpan.FromMinutes(10);
    private const long MaxIdBytes = 512L * 1024 * 1024;

    // What was taken earlier may have been sent elsewhere, too, and be known there no more: such ids are looked for among the records.
    private static readonly TimeSpan Old = TimeSpan.FromMinutes(9);

    private const string FindIds = "SELECT DISTINCT id FROM records WHERE id = ANY($1) AND received >= $2";

    private long _followed = -1;

    /// <summary>Up to here this server knows what others have taken; -1 before it has looked.</summary>
    public long FollowedSequence => Interlocked.Read(ref _followed);

    /// <summary>Learns what was shipped of late; up to where this server's own entries are.</summary>
    public async Task<long> OpenAsync(CancellationToken cancellationToken)
    {
        var last = await table.LastAsync(cancellationToken).ConfigureAwait(false);
        if (_followed < 0)
        {
            var from = await table.FindRecentAsync(IdMemory, MaxIdBytes, cancellationToken).ConfigureAwait(false);
            await database.ReadAsync(c => FollowAsync(c, from ?? last, 0, last, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        var shipped = await table.ShippedAsync(intake.Id, cancellationToken).ConfigureAwait(false);
        log.Shipped(shipped, last);
        return shipped;
    }

    /// <summary>Says that this server lives, and looks what others have done.</summary>
    public async Task BeatAsync(TimeSpan lag, CancellationToken cancellationToken)
    {
        var last = await table.LastAsync(cancellationToken).ConfigureAwait(false);
        var peers = await database.ShareAsync(
            async c =>
            {
                await SharedLogTable.BeatAsync(c, intake.Id, role.Name, log.ShippedSequence, lag, cancellationToken).ConfigureAwait(false);
                return await SharedLogTable.PeersAsync(c, intake.Id, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        hold.Observe(peers);
        await database.ReadAsync(c => FollowAsync(c, _followed, intake.Id, last, cancellationToken), cancellationToken).ConfigureAwait(false);
        log.Grew(last);
    }

    public Task<long> SizeAsync(CancellationToken cancellationToken) => table.SizeAsync(cancellationToken);

    /// <summary>Appends entries, of which the log may have the first ones.</summary>
    public async Task AppendAsync(IReadOnlyList<JournalEntry> entries, TimeSpan lag, CancellationToken cancellationToken)
    {
        var (last, peers) = await database.ShareAsync(c => AppendAsync(c, entries, lag, cancellationToken), cancellationToken).ConfigureAwait(false);
        FaultPoints.Hit("ship-after-commit");
        hold.Observe(peers);
        log.Shipped(entries[^1].LastSequence, last);
    }

    private async Task<(long Last, List<PeerLag> Peers)> AppendAsync(
        NpgsqlConnection connection, IReadOnlyList<JournalEntry> entries, TimeSpan lag, CancellationToken cancellationToken)
    {
        var last = await SharedLogTable.LockAsync(connection, cancellationToken).ConfigureAwait(false);
        await FollowAsync(connection, _followed, intake.Id, last, cancellationToken).ConfigureAwait(false);
        var shipped = await SharedLogTable.ShippedAsync(connection, intake.Id, cancellationToken).ConfigureAwait(false);
        var isActive = database.Epoch > 0;
        var news = entries.Where(e => e.Sequence > shipped && (isActive || e.Batch is not null)).ToList();
        var kept = await WithoutForeignAsync(connection, news, cancellationToken).ConfigureAwait(false);
        if (kept.Count > 0)
        {
            var numbered = Number(kept, last + 1);
            var row = new SharedLogRow(numbered[0].Sequence, numbered[^1].LastSequence, intake.Id, SharedLogFrames.Write(numbered));
            await SharedLogTable.AppendAsync(connection, row, cancellationToken).ConfigureAwait(false);
            await PostgresIdempotencyStore.SaveAsync(connection, kept.Select(KeyOf).OfType<KeptKey>(), cancellationToken).ConfigureAwait(false);
            last = row.Last;
        }

        await SharedLogTable.BeatAsync(connection, intake.Id, role.Name, entries[^1].LastSequence, lag, cancellationToken).ConfigureAwait(false);
        var peers = await SharedLogTable.PeersAsync(connection, intake.Id, cancellationToken).ConfigureAwait(false);
        FaultPoints.Hit("ship-before-commit");
        return (last, peers);
    }

    private static List<JournalEntry> Number(List<JournalEntry> entries, long first)
    {
        var numbered = new List<JournalEntry>(entries.Count);
        foreach (var entry in entries)
        {
            numbered.Add(entry with { Sequence = first, Batch = entry.Batch?.At(first) });
            first = numbered[^1].LastSequence + 1;
        }

        return numbered;
    }

    /// <summary>Leaves out what others have put into the log: by the ids of events, the hash of a body, the idempotency key of a request.</summary>
    private async Task<List<JournalEntry>> WithoutForeignAsync(NpgsqlConnection connection, List<JournalEntry> entries, CancellationToken cancellationToken)
    {
        var stored = await FindStoredAsync(connection, entries, cancellationToken).ConfigureAwait(false);
        var keyed = entries.Select(KeyOf).OfType<KeptKey>().Select(k => k.Key).ToList();
        var taken = keyed.Count == 0
            ? []
            : await PostgresIdempotencyStore.FindAsync(
                connection, keyed, UnixNanos.From(clock.GetUtcNow() - IdempotencyKeys.Kept), cancellationToken).ConfigureAwait(false);
        var kept = new List<JournalEntry>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Batch is not { } batch)
            {
                kept.Add(entry);
            }
            else if ((KeyOf(entry) is not { } key || !taken.TryGetValue(key.Key, out var hash) || hash != key.BodyHash)
                && foreign.Without(batch, stored) is { } left)
            {
                kept.Add(entry with { Batch = left });
            }
        }

        return kept;
    }

    private async Task<IReadOnlySet<string>?> FindStoredAsync(NpgsqlConnection connection, List<JournalEntry> entries, CancellationToken cancellationToken)
    {
        var before = UnixNanos.From(clock.GetUtcNow() - Old);
        var old = entries.Where(e => e.Batch is { IsRetry: false } batch && batch.ReceivedNanos < before).Select(e => e.Batch!).ToList();
        if (old.Count == 0)
        {
            return null;
        }

        var sought = new List<string>();
        foreach (var batch in old)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                if (!batch[i].Id.IsEmpty)
                {
                    sought.Add(PostgresText.Encode(Encoding.UTF8.GetString(batch[i].Id)));
                }
            }
        }

        var since = old.Min(b => b.ReceivedNanos) - UnixNanos.From(IdMemory);
        var found = await Sql.ListAsync(connection, FindIds, [sought.ToArray(), since], r => r.Text(0), cancellationToken).ConfigureAwait(false);
        return found.ToHashSet(StringComparer.Ordinal);
    }

    private KeptKey? KeyOf(JournalEntry entry) => entry.Batch is { Note.IsEmpty: false } batch ? IdempotencyNote.Read(batch, intake.Id) : null;

    /// <summary>Learns from rows after a sequence, up to the newest one known to be there.</summary>
    private async Task<long> FollowAsync(NpgsqlConnection connection, long after, ulong notOf, long last, CancellationToken cancellationToken)
    {
        var entries = new List<JournalEntry>();
        while (await SharedLogTable.ReadAsync(connection, after, notOf, cancellationToken).ConfigureAwait(false) is { Count: > 0 } rows)
        {
            foreach (var row in rows)
            {
                entries.Clear();
                SharedLogFrames.TryRead(row.Frames, row.First, entries); // Whoever runs the engine reports what cannot be read.
                foreach (var batch in entries.Select(e => e.Batch).OfType<RecordBatch>().Where(b => !b.IsRetry))
                {
                    Learn(batch, row.Server);
                }
            }

            after = rows[^1].Last;
        }

        Interlocked.Exchange(ref _followed, Math.Max(Math.Max(_followed, after), last));
        return _followed;
    }

    private void Learn(RecordBatch batch, ulong server)
    {
        ids.Remember(batch);
        if (server == intake.Id)
        {
            return;
        }

        foreign.Remember(batch);
        if (!batch.Note.IsEmpty && IdempotencyNote.Read(batch, server) is { } kept)
        {
            keys.Remember(kept, isSaved: true);
        }
    }
}
