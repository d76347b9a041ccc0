using System.Text;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Alerts on their way, one row per alert and sink.</summary>
/// <remarks>
/// A row that is done stays, without its content, so that a replay does not send it again. Whoever delivers claims rows for a
/// while: another process that looks meanwhile passes over them, and takes them when the claim has run out.
/// </remarks>
internal static class PostgresOutbox
{
    /// <summary>Woken when the outbox has something new.</summary>
    public const string Channel = "culprit_outbox";

    private const string Insert = """
        INSERT INTO outbox (id, sink, incident_id, json, attempts, due_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id, sink) DO NOTHING
        """;

    private const string Known = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = $1)";

    // A sink that was given up never heard of the incident, so it need not hear of its end.
    private const string InsertForThoseTold = """
        INSERT INTO outbox (id, sink, incident_id, json, attempts, due_at)
        SELECT $1, sink, $2, $3, $4, $5 FROM outbox
        WHERE incident_id = $2 AND id <> $1 AND state <> 2 GROUP BY sink ORDER BY min(row)
        ON CONFLICT (id, sink) DO NOTHING
        """;

    // Only the oldest undelivered alert of an incident may go to a sink: "resolved" never overtakes "firing".
    private const string IsHead = """
        NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.state = 0 AND earlier.sink = o.sink
                AND earlier.incident_id = o.incident_id AND earlier.row < o.row)
        """;

    // Claims of its own do not stop a dispatcher: one that failed half-way starts over.
    private const string ClaimDue = $"""
        WITH due AS (
            SELECT row FROM outbox AS o
            WHERE state = 0 AND sink = $1 AND due_at <= $2 AND {IsHead}
                AND (claimed_by IS NULL OR claimed_by = $4 OR claimed_until < now())
            ORDER BY row LIMIT $3 FOR UPDATE SKIP LOCKED),
        claimed AS (
            UPDATE outbox AS o SET claimed_by = $4, claimed_until = now() + interval '{ClaimSeconds} seconds' FROM due WHERE o.row = due.row
            RETURNING o.row, id, sink, incident_id, json, attempts, failing_since)
        SELECT id, sink, incident_id, json, attempts, failing_since FROM claimed ORDER BY row
        """;

    private const string Next = $"SELECT min(due_at) FROM outbox AS o WHERE state = 0 AND sink = $1 AND {IsHead}";

    private const string Sinks = "SELECT DISTINCT sink FROM outbox WHERE state = 0";

    private const string Finish = """
        UPDATE outbox SET state = $3, json = '', claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND sink = $2 AND state = 0
        """;

    private const string Fail = """
        UPDATE outbox SET attempts = attempts + 1, failing_since = coalesce(failing_since, $3), due_at = $4, last_error = $5,
            claimed_by = NULL, claimed_until = NULL
        WHERE id = $1 AND sink = $2 AND state = 0
        """;

    private const string Again = """
        UPDATE outbox SET state = 0, json = $3, attempts = 0, failing_since = NULL, last_error = NULL, due_at = $4
        WHERE id = $1 AND sink = $2 AND state = 2
        """;

    private const string DropDone = """
        DELETE FROM outbox WHERE state > 0 AND NOT EXISTS (SELECT 1 FROM derived_events WHERE derived_events.id = outbox.id)
        """;

    // Longer than one attempt may take. Whoever lives renews its claims with each look; one that died is waited for this long.
    private const string ClaimSeconds = "90";

    private const short Delivered = 1;
    private const short GivenUp = 2;

    public static Task WakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, $"NOTIFY {Channel}", [], cancellationToken);

    /// <summary>Forgets deliveries of alerts that are themselves gone.</summary>
    public static Task DropDoneWithoutEventAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, DropDone, [], cancellationToken);

    /// <summary>True when an alert of this id was ever added.</summary>
    public static async Task<bool> IsKnownAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        await Sql.ScalarAsync(connection, Known, [PostgresText.Encode(id)], cancellationToken).ConfigureAwait(false) is true;

    /// <summary>Adds the alert for its sink.</summary>
    public static Task AddAsync(NpgsqlConnection connection, OutboxItem item, CancellationToken cancellationToken) => Sql.ExecuteAsync(
        connection,
        Insert,
        [
            PostgresText.Encode(item.Id), PostgresText.Encode(item.Sink), PostgresText.Encode(item.IncidentId),
            PostgresText.FromUtf8(item.Json.Span), item.Attempts, DateTimeOffset.MinValue.UtcTicks,
        ],
        cancellationToken);

    /// <summary>Adds the alert for every sink that has, or will get, an earlier one of its incident.</summary>
    public static Task AddForThoseToldAsync(NpgsqlConnection connection, OutboxItem item, CancellationToken cancellationToken) => Sql.ExecuteAsync(
        connection,
        InsertForThoseTold,
        [
            PostgresText.Encode(item.Id), PostgresText.Encode(item.IncidentId), PostgresText.FromUtf8(item.Json.Span), item.Attempts,
            DateTimeOffset.MinValue.UtcTicks,
        ],
        cancellationToken);

    /// <param name="claimant">Who delivers: one process, one number.</param>
    public static async Task<IReadOnlyList<OutboxItem>> ClaimDueAsync(
        NpgsqlConnection connection, string sink, DateTimeOffset now, int limit, long claimant, CancellationToken cancellationToken) =>
        await Sql.ListAsync(
            connection,
            ClaimDue,
            [PostgresText.Encode(sink), now.UtcTicks, limit, claimant],
            r => new OutboxItem(
                r.Text(0),
                r.Text(1),
                r.Text(2),
                Encoding.UTF8.GetBytes(r.Text(3)),
                r.GetInt32(4),
                r.IsDBNull(5) ? null : new DateTimeOffset(r.GetInt64(5), TimeSpan.Zero)),
            cancellationToken).ConfigureAwait(false);

    public static async Task<DateTimeOffset?> NextDueAsync(NpgsqlConnection connection, string sink, CancellationToken cancellationToken) =>
        await Sql.ScalarAsync(connection, Next, [PostgresText.Encode(sink)], cancellationToken).ConfigureAwait(false) is long ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    public static async Task<IReadOnlyList<string>> FindSinksAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await Sql.ListAsync(connection, Sinks, [], r => r.Text(0), cancellationToken).ConfigureAwait(false);

    public static Task<int> MarkDeliveredAsync(NpgsqlConnection connection, string id, string sink, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Finish, [PostgresText.Encode(id), PostgresText.Encode(sink), Delivered], cancellationToken);

    public static Task<int> MarkGivenUpAsync(NpgsqlConnection connection, string id, string sink, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Finish, [PostgresText.Encode(id), PostgresText.Encode(sink), GivenUp], cancellationToken);

    public static Task<int> MarkFailedAsync(
        NpgsqlConnection connection, string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(
            connection,
            Fail,
            [PostgresText.Encode(id), PostgresText.Encode(sink), failedAt.UtcTicks, retryAt.UtcTicks, PostgresText.Encode(reason)],
            cancellationToken);

    /// <summary>Puts an alert that was given up back among those that wait; false when there is none.</summary>
    public static async Task<bool> TryAgainAsync(
        NpgsqlConnection connection, string id, string sink, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(
            connection,
            Again,
            [PostgresText.Encode(id), PostgresText.Encode(sink), PostgresText.FromUtf8(json.Span), DateTimeOffset.MinValue.UtcTicks],
            cancellationToken).ConfigureAwait(false) > 0;
}
