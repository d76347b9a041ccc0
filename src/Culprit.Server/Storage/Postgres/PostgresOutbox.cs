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
        INSERT INTO outbox (id, sink, incident_id, json, attempts, due_at, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id, sink) DO NOTHING
        """;

    private const string Known = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = $1)";

    // A sink that was given up, or for which all was dropped, never heard of the incident, so it need not hear of its end.
    private const string InsertForThoseTold = """
        INSERT INTO outbox (id, sink, incident_id, json, attempts, due_at, added_at)
        SELECT $1, sink, $2, $3, $4, $5, $6 FROM outbox
        WHERE incident_id = $2 AND id <> $1 AND state IN (0, 1) GROUP BY sink ORDER BY min(row)
        ON CONFLICT (id, sink) DO NOTHING
        """;

    // Only the oldest undelivered alert of an incident may go to a sink: "resolved" never overtakes "firing". What is held back
    // keeps nobody waiting: a newer one replaces it.
    private const string IsHead = """
        NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.state = 0 AND earlier.held IS NULL AND earlier.sink = o.sink
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
        UPDATE outbox SET state = $3, json = '', claimed_by = NULL, claimed_until = NULL, ended_at = $4, held = $5
        WHERE id = $1 AND sink = $2 AND state = 0
        """;

    private const string Hold = """
        UPDATE outbox SET held = $3, due_at = $4, claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND sink = $2 AND state = 0
        """;

    private const string DropOlderHeld = """
        UPDATE outbox AS o SET state = 3, json = '', ended_at = $3 FROM outbox AS newer
        WHERE newer.id = $1 AND newer.sink = $2 AND o.sink = newer.sink AND o.incident_id = newer.incident_id AND o.row < newer.row
            AND o.state = 0 AND o.held IS NOT NULL
        """;

    private const string Release = "UPDATE outbox SET due_at = $1 WHERE state = 0 AND held IS NOT NULL";

    private const string OfIncident = """
        SELECT o.id, e.type, o.sink, o.state, o.attempts, o.added_at, o.ended_at, o.due_at, o.held
        FROM outbox AS o LEFT JOIN derived_events AS e ON e.id = o.id WHERE o.incident_id = $1 ORDER BY o.row
        """;

    private const string Fail = """
        UPDATE outbox SET attempts = attempts + 1, failing_since = coalesce(failing_since, $3), due_at = $4, last_error = $5,
            claimed_by = NULL, claimed_until = NULL
        WHERE id = $1 AND sink = $2 AND state = 0
        """;

    private const string Again = """
        UPDATE outbox SET state = 0, json = $3, attempts = 0, failing_since = NULL, last_error = NULL, ended_at = NULL, due_at = $4
        WHERE id = $1 AND sink = $2 AND state = 2
        """;

    private const string DropDone = """
        DELETE FROM outbox WHERE state > 0 AND NOT EXISTS (SELECT 1 FROM derived_events WHERE derived_events.id = outbox.id)
        """;

    // Longer than one attempt may take. Whoever lives renews its claims with each look; one that died is waited for this long.
    private const string ClaimSeconds = "90";

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
            PostgresText.FromUtf8(item.Json.Span), item.Attempts, DateTimeOffset.MinValue.UtcTicks, item.AddedAt.UtcTicks,
        ],
        cancellationToken);

    /// <summary>Adds the alert for every sink that has, or will get, an earlier one of its incident.</summary>
    public static Task AddForThoseToldAsync(NpgsqlConnection connection, OutboxItem item, CancellationToken cancellationToken) => Sql.ExecuteAsync(
        connection,
        InsertForThoseTold,
        [
            PostgresText.Encode(item.Id), PostgresText.Encode(item.IncidentId), PostgresText.FromUtf8(item.Json.Span), item.Attempts,
            DateTimeOffset.MinValue.UtcTicks, item.AddedAt.UtcTicks,
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

    public static Task<int> MarkDeliveredAsync(NpgsqlConnection connection, string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        EndAsync(connection, id, sink, at, DeliveryState.Delivered, null, cancellationToken);

    public static Task<int> MarkGivenUpAsync(NpgsqlConnection connection, string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        EndAsync(connection, id, sink, at, DeliveryState.GivenUp, null, cancellationToken);

    public static Task<int> DropAsync(
        NpgsqlConnection connection, string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        EndAsync(connection, id, sink, at, DeliveryState.Dropped, reason, cancellationToken);

    public static async Task<int> HoldAsync(
        NpgsqlConnection connection, string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken)
    {
        var held = await Sql.ExecuteAsync(
            connection, Hold, [PostgresText.Encode(id), PostgresText.Encode(sink), PostgresText.Encode(reason), until.UtcTicks], cancellationToken)
            .ConfigureAwait(false);
        await DropHeldBeforeAsync(connection, id, sink, at, cancellationToken).ConfigureAwait(false);
        return held;
    }

    public static Task<int> ReleaseHeldAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Release, [DateTimeOffset.MinValue.UtcTicks], cancellationToken);

    public static async Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(
        NpgsqlConnection connection, string incidentId, CancellationToken cancellationToken) =>
        await Sql.ListAsync(
            connection,
            OfIncident,
            [PostgresText.Encode(incidentId)],
            r => new AlertDelivery(
                r.Text(0),
                r.TextOrNull(1),
                r.Text(2),
                (DeliveryState)r.GetInt16(3),
                r.GetInt32(4),
                Time(r.GetInt64(5)),
                r.IsDBNull(6) ? null : Time(r.GetInt64(6)),
                Time(r.GetInt64(7)),
                r.TextOrNull(8)),
            cancellationToken).ConfigureAwait(false);

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

    private static async Task<int> EndAsync(
        NpgsqlConnection connection, string id, string sink, DateTimeOffset at, DeliveryState state, string? reason, CancellationToken cancellationToken)
    {
        var ended = await Sql.ExecuteAsync(
            connection,
            Finish,
            [PostgresText.Encode(id), PostgresText.Encode(sink), (short)state, at.UtcTicks, PostgresText.EncodeOrNull(reason)],
            cancellationToken).ConfigureAwait(false);
        if (ended > 0 && state != DeliveryState.GivenUp)
        {
            await DropHeldBeforeAsync(connection, id, sink, at, cancellationToken).ConfigureAwait(false);
        }

        return ended;
    }

    private static Task<int> DropHeldBeforeAsync(
        NpgsqlConnection connection, string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, DropOlderHeld, [PostgresText.Encode(id), PostgresText.Encode(sink), at.UtcTicks], cancellationToken);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
