using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The state store in SQLite.</summary>
internal sealed class EmbeddedStateStore(StateDatabase database) : IStateStore
{
    private const string Consumer = "engine";
    private const int SnapshotsKept = 2;

    private const string AddSnapshot = "INSERT INTO snapshots (version, sequence, bytes) VALUES ($version, $sequence, $bytes)";

    private const string DropOldSnapshots = """
        DELETE FROM snapshots WHERE row NOT IN (SELECT row FROM snapshots ORDER BY row DESC LIMIT $kept)
        """;

    // By order of saving, not by sequence: an engine that could not read its snapshot starts again further back.
    private const string NewestSnapshot = "SELECT version, sequence, bytes FROM snapshots ORDER BY row DESC LIMIT 1";

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => PositionTable.Get(c, Consumer)));

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<DerivedEvent>>(
            connection =>
            {
                var added = new List<DerivedEvent>();
                foreach (var derived in output.Events)
                {
                    if (DerivedEventTable.TryAdd(connection, derived))
                    {
                        added.Add(derived);
                    }
                }

                var known = output.Outbox.Select(i => i.Id).Distinct().Where(id => OutboxTable.IsKnown(connection, id))
                    .ToHashSet(StringComparer.Ordinal);
                foreach (var item in output.Outbox.Where(i => !known.Contains(i.Id)))
                {
                    OutboxTable.Add(connection, item);
                    if (!item.IsForItsSinkOnly)
                    {
                        OutboxTable.AddForThoseTold(connection, item);
                    }
                }

                AliasTable.Add(connection, output.Aliases);
                PositionTable.Advance(connection, Consumer, output.Sequence);
                return added;
            },
            cancellationToken);

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DerivedEventTable.Find(c, query, cancellationToken)));

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => AliasTable.Find(c, afterRow, cancellationToken)));

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DerivedEventTable.FindById(c, id)));

    /// <summary>Deletes events from before a time, but none of an incident that is open or was seen since.</summary>
    /// <param name="limit">Events to delete at most, so that others need not wait long for the database.</param>
    /// <returns>How many went; <paramref name="limit"/> when there may be more.</returns>
    public Task<int> DropEventsAsync(long beforeNanos, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                var dropped = DerivedEventTable.DropBefore(connection, beforeNanos, limit);
                if (dropped > 0)
                {
                    OutboxTable.DropDeliveredWithoutEvent(connection);
                }

                return dropped;
            },
            cancellationToken);

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                using var add = StateDatabase.Command(
                    connection,
                    AddSnapshot,
                    ("$version", snapshot.Version),
                    ("$sequence", snapshot.Sequence),
                    ("$bytes", snapshot.Bytes.ToArray()));
                add.ExecuteNonQuery();
                using var drop = StateDatabase.Command(connection, DropOldSnapshots, ("$kept", SnapshotsKept));
                return drop.ExecuteNonQuery();
            },
            cancellationToken);

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = StateDatabase.Command(connection, NewestSnapshot);
            using var reader = command.ExecuteReader();
            return reader.Read()
                ? new EngineSnapshot(reader.GetInt32(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2))
                : null;
        }));

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(
        string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => OutboxTable.FindDue(c, sink, now, limit)));

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => OutboxTable.NextDue(c, sink)));

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(OutboxTable.FindSinks));

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.MarkDelivered(c, id, sink, at), cancellationToken);

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.HoldUntil(c, id, sink, at, until, reason), cancellationToken);

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.Drop(c, id, sink, at, reason), cancellationToken);

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) => database.WriteAsync(OutboxTable.ReleaseHeld, cancellationToken);

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => OutboxTable.FindDeliveries(c, incidentId)));

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.MarkFailed(c, id, sink, failedAt, retryAt, reason), cancellationToken);

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                var ended = OutboxTable.MarkGivenUp(connection, id, sink, letter.At);
                if (ended > 0)
                {
                    DeadLetterTable.Add(connection, letter);
                }

                return ended;
            },
            cancellationToken);

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => DeadLetterTable.Add(connection, letter), cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DeadLetterTable.Find(c, new DeadLetterQuery(limit))));
}
