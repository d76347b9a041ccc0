using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

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

    private const string AddDeadLetter = """
        INSERT OR IGNORE INTO dead_letters (id, at, reason, raw) VALUES ($id, $at, $reason, $raw)
        """;

    private const string NewestDeadLetters = "SELECT id, at, reason, raw FROM dead_letters ORDER BY row DESC LIMIT $limit";

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

                foreach (var item in output.Outbox)
                {
                    OutboxTable.Add(connection, item);
                }

                PositionTable.Advance(connection, Consumer, output.Sequence);
                return added;
            },
            cancellationToken);

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DerivedEventTable.Find(c, query, cancellationToken)));

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

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => OutboxTable.FindDue(c, now, limit)));

    public Task MarkDeliveredAsync(string id, string sink, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.MarkDelivered(c, id, sink), cancellationToken);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => OutboxTable.MarkFailed(c, id, sink, retryAt, reason), cancellationToken);

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                using var command = StateDatabase.Command(
                    connection,
                    AddDeadLetter,
                    ("$id", letter.Id),
                    ("$at", letter.At.UtcTicks),
                    ("$reason", letter.Reason),
                    ("$raw", letter.Raw.ToArray()));
                return command.ExecuteNonQuery();
            },
            cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read<IReadOnlyList<DeadLetter>>(connection =>
        {
            using var command = StateDatabase.Command(connection, NewestDeadLetters, ("$limit", limit));
            using var reader = command.ExecuteReader();
            var letters = new List<DeadLetter>();
            while (reader.Read())
            {
                letters.Add(new DeadLetter(
                    reader.GetString(0),
                    new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero),
                    reader.GetString(2),
                    reader.GetFieldValue<byte[]>(3)));
            }

            return letters;
        }));
}
