using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The state store in PostgreSQL.</summary>
internal sealed class PostgresStateStore(PostgresDatabase database) : IStateStore
{
    private const string Consumer = "engine";
    private const int SnapshotsKept = 2;

    private const string AddSnapshot = "INSERT INTO snapshots (version, sequence, bytes) VALUES ($1, $2, $3)";

    private const string DropOldSnapshots = """
        DELETE FROM snapshots WHERE row NOT IN (SELECT row FROM snapshots ORDER BY row DESC LIMIT $1)
        """;

    // By order of saving, not by sequence: an engine that could not read its snapshot starts again further back.
    private const string NewestSnapshot = "SELECT version, sequence, bytes FROM snapshots ORDER BY row DESC LIMIT 1";

    // Distinguishes processes; two that draw the same number would only share their claims.
    private readonly long _claimant = Random.Shared.NextInt64();

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresPositions.GetAsync(c, Consumer, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<DerivedEvent>>(
            async connection =>
            {
                var added = new List<DerivedEvent>();
                foreach (var derived in output.Events)
                {
                    if (await PostgresDerivedEvents.TryAddAsync(connection, derived, cancellationToken).ConfigureAwait(false))
                    {
                        added.Add(derived);
                    }
                }

                var known = new HashSet<string>(StringComparer.Ordinal);
                foreach (var id in output.Outbox.Select(i => i.Id).Distinct(StringComparer.Ordinal))
                {
                    if (await PostgresOutbox.IsKnownAsync(connection, id, cancellationToken).ConfigureAwait(false))
                    {
                        known.Add(id);
                    }
                }

                foreach (var item in output.Outbox.Where(i => !known.Contains(i.Id)))
                {
                    await PostgresOutbox.AddAsync(connection, item, cancellationToken).ConfigureAwait(false);
                    if (!item.IsForItsSinkOnly)
                    {
                        await PostgresOutbox.AddForThoseToldAsync(connection, item, cancellationToken).ConfigureAwait(false);
                    }
                }

                if (output.Outbox.Count > known.Count)
                {
                    await PostgresOutbox.WakeAsync(connection, cancellationToken).ConfigureAwait(false);
                }

                await PostgresAliases.AddAsync(connection, output.Aliases, cancellationToken).ConfigureAwait(false);
                await PostgresPositions.AdvanceAsync(connection, Consumer, output.Sequence, cancellationToken).ConfigureAwait(false);
                return added;
            },
            cancellationToken);

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDerivedEvents.FindAsync(c, query, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresAliases.FindAsync(c, afterRow, cancellationToken), cancellationToken);

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDerivedEvents.FindByIdAsync(c, id, cancellationToken), cancellationToken);

    /// <summary>Deletes events from before a time, but none of an incident that is open or was seen since.</summary>
    /// <param name="limit">Events to delete at most, so that others need not wait long for the database.</param>
    /// <returns>How many went; <paramref name="limit"/> when there may be more.</returns>
    public Task<int> DropEventsAsync(long beforeNanos, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async connection =>
            {
                var dropped = await PostgresDerivedEvents.DropBeforeAsync(connection, beforeNanos, limit, cancellationToken).ConfigureAwait(false);
                if (dropped > 0)
                {
                    await PostgresOutbox.DropDoneWithoutEventAsync(connection, cancellationToken).ConfigureAwait(false);
                }

                return dropped;
            },
            cancellationToken);

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async connection =>
            {
                await Sql.ExecuteAsync(
                    connection, AddSnapshot, [snapshot.Version, snapshot.Sequence, snapshot.Bytes.ToArray()], cancellationToken).ConfigureAwait(false);
                return await Sql.ExecuteAsync(connection, DropOldSnapshots, [SnapshotsKept], cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async c => (await Sql.ListAsync(
                c,
                NewestSnapshot,
                [],
                r => new EngineSnapshot(r.GetInt32(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2)),
                cancellationToken).ConfigureAwait(false)).FirstOrDefault(),
            cancellationToken);

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(
        string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresOutbox.ClaimDueAsync(c, sink, now, limit, _claimant, cancellationToken), cancellationToken);

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresOutbox.NextDueAsync(c, sink, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresOutbox.FindSinksAsync(c, cancellationToken), cancellationToken);

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresOutbox.MarkDeliveredAsync(c, id, sink, at, cancellationToken), cancellationToken);

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresOutbox.HoldAsync(c, id, sink, at, until, reason, cancellationToken), cancellationToken);

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresOutbox.DropAsync(c, id, sink, at, reason, cancellationToken), cancellationToken);

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresOutbox.ReleaseHeldAsync(c, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresOutbox.FindDeliveriesAsync(c, incidentId, cancellationToken), cancellationToken);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(
            c => PostgresOutbox.MarkFailedAsync(c, id, sink, failedAt, retryAt, reason, cancellationToken), cancellationToken);

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async connection =>
            {
                var ended = await PostgresOutbox.MarkGivenUpAsync(connection, id, sink, letter.At, cancellationToken).ConfigureAwait(false);
                if (ended > 0)
                {
                    await PostgresDeadLetters.AddAsync(connection, letter, cancellationToken).ConfigureAwait(false);
                }

                return ended;
            },
            cancellationToken);

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresDeadLetters.AddAsync(c, letter, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDeadLetters.FindAsync(c, new DeadLetterQuery(limit), cancellationToken), cancellationToken);
}
