using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Alerts on their way, one row per alert and sink.</summary>
/// <remarks>A row that is done stays, without its content, so that a replay does not send it again.</remarks>
internal static class OutboxTable
{
    private const string Insert = """
        INSERT OR IGNORE INTO outbox (id, sink, incident_id, json, attempts, due_at, added_at)
        VALUES ($id, $sink, $incident, $json, $attempts, $due, $added)
        """;

    private const string Known = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = $id)";

    // A sink that was given up, or for which all was dropped, never heard of the incident, so it need not hear of its end.
    private const string InsertForThoseTold = """
        INSERT OR IGNORE INTO outbox (id, sink, incident_id, json, attempts, due_at, added_at)
        SELECT $id, sink, $incident, $json, $attempts, $due, $added FROM outbox
        WHERE incident_id = $incident AND id <> $id AND delivered IN (0, 1) GROUP BY sink ORDER BY min(row)
        """;

    // Only the oldest undelivered alert of an incident may go to a sink: "resolved" never overtakes "firing". What is held back
    // keeps nobody waiting: a newer one replaces it.
    private const string IsHead = """
        NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.delivered = 0 AND earlier.held IS NULL AND earlier.sink = o.sink
                AND earlier.incident_id = o.incident_id AND earlier.row < o.row)
        """;

    private const string Due = $"""
        SELECT id, sink, incident_id, json, attempts, failing_since FROM outbox AS o
        WHERE delivered = 0 AND sink = $sink AND due_at <= $now AND {IsHead}
        ORDER BY row LIMIT $limit
        """;

    private const string Next = $"SELECT min(due_at) FROM outbox AS o WHERE delivered = 0 AND sink = $sink AND {IsHead}";

    private const string Sinks = "SELECT DISTINCT sink FROM outbox WHERE delivered = 0";

    private const string Finish = """
        UPDATE outbox SET delivered = $state, json = x'', ended_at = $at, held = $held WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string Hold = """
        UPDATE outbox SET held = $held, due_at = $until WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string DropOlderHeld = """
        UPDATE outbox SET delivered = 3, json = x'', ended_at = $at
        WHERE delivered = 0 AND held IS NOT NULL AND sink = $sink
            AND incident_id = (SELECT incident_id FROM outbox WHERE id = $id AND sink = $sink)
            AND row < (SELECT row FROM outbox WHERE id = $id AND sink = $sink)
        """;

    private const string Release = "UPDATE outbox SET due_at = $due WHERE delivered = 0 AND held IS NOT NULL";

    private const string OfIncident = """
        SELECT o.id, e.type, o.sink, o.delivered, o.attempts, o.added_at, o.ended_at, o.due_at, o.held
        FROM outbox AS o LEFT JOIN derived_events AS e ON e.id = o.id WHERE o.incident_id = $incident ORDER BY o.row
        """;

    private const string Fail = """
        UPDATE outbox SET attempts = attempts + 1, failing_since = coalesce(failing_since, $failed), due_at = $due, last_error = $reason
        WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string Again = """
        UPDATE outbox SET delivered = 0, json = $json, attempts = 0, failing_since = NULL, last_error = NULL, ended_at = NULL, due_at = $due
        WHERE id = $id AND sink = $sink AND delivered = 2
        """;

    private const string DropDelivered = """
        DELETE FROM outbox WHERE delivered > 0 AND NOT EXISTS (SELECT 1 FROM derived_events WHERE derived_events.id = outbox.id)
        """;

    /// <summary>Forgets deliveries of alerts that are themselves gone.</summary>
    public static void DropDeliveredWithoutEvent(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, DropDelivered);
        command.ExecuteNonQuery();
    }

    /// <summary>True when an alert of this id was ever added.</summary>
    public static bool IsKnown(SqliteConnection connection, string id)
    {
        using var command = StateDatabase.Command(connection, Known, ("$id", id));
        return (long)command.ExecuteScalar()! != 0;
    }

    /// <summary>Adds the alert for its sink.</summary>
    public static void Add(SqliteConnection connection, OutboxItem item) => Run(connection, Insert, item, ("$sink", item.Sink));

    /// <summary>Adds the alert for every sink that has, or will get, an earlier one of its incident.</summary>
    public static void AddForThoseTold(SqliteConnection connection, OutboxItem item) => Run(connection, InsertForThoseTold, item);

    public static IReadOnlyList<OutboxItem> FindDue(SqliteConnection connection, string sink, DateTimeOffset now, int limit)
    {
        using var command = StateDatabase.Command(connection, Due, ("$sink", sink), ("$now", now.UtcTicks), ("$limit", limit));
        using var reader = command.ExecuteReader();
        var due = new List<OutboxItem>();
        while (reader.Read())
        {
            due.Add(new OutboxItem(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetFieldValue<byte[]>(3),
                reader.GetInt32(4),
                reader.IsDBNull(5) ? null : new DateTimeOffset(reader.GetInt64(5), TimeSpan.Zero)));
        }

        return due;
    }

    public static DateTimeOffset? NextDue(SqliteConnection connection, string sink)
    {
        using var command = StateDatabase.Command(connection, Next, ("$sink", sink));
        return command.ExecuteScalar() is long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    public static IReadOnlyList<string> FindSinks(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, Sinks);
        using var reader = command.ExecuteReader();
        var sinks = new List<string>();
        while (reader.Read())
        {
            sinks.Add(reader.GetString(0));
        }

        return sinks;
    }

    public static int MarkDelivered(SqliteConnection connection, string id, string sink, DateTimeOffset at) =>
        End(connection, id, sink, at, DeliveryState.Delivered, null);

    public static int MarkGivenUp(SqliteConnection connection, string id, string sink, DateTimeOffset at) =>
        End(connection, id, sink, at, DeliveryState.GivenUp, null);

    public static int Drop(SqliteConnection connection, string id, string sink, DateTimeOffset at, string reason) =>
        End(connection, id, sink, at, DeliveryState.Dropped, reason);

    public static int HoldUntil(SqliteConnection connection, string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason)
    {
        using var command = StateDatabase.Command(
            connection, Hold, ("$id", id), ("$sink", sink), ("$until", until.UtcTicks), ("$held", reason));
        var held = command.ExecuteNonQuery();
        DropHeldBefore(connection, id, sink, at);
        return held;
    }

    public static int ReleaseHeld(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, Release, ("$due", DateTimeOffset.MinValue.UtcTicks));
        return command.ExecuteNonQuery();
    }

    public static IReadOnlyList<AlertDelivery> FindDeliveries(SqliteConnection connection, string incidentId)
    {
        using var command = StateDatabase.Command(connection, OfIncident, ("$incident", incidentId));
        using var reader = command.ExecuteReader();
        var found = new List<AlertDelivery>();
        while (reader.Read())
        {
            found.Add(new AlertDelivery(
                reader.GetString(0),
                reader.IsDBNull(1) ? null : reader.GetString(1),
                reader.GetString(2),
                (DeliveryState)reader.GetByte(3),
                reader.GetInt32(4),
                Time(reader.GetInt64(5)),
                reader.IsDBNull(6) ? null : Time(reader.GetInt64(6)),
                Time(reader.GetInt64(7)),
                reader.IsDBNull(8) ? null : reader.GetString(8)));
        }

        return found;
    }

    /// <summary>Puts an alert that was given up back among those that wait; false when there is none.</summary>
    public static bool TryAgain(SqliteConnection connection, string id, string sink, ReadOnlyMemory<byte> json)
    {
        using var command = StateDatabase.Command(
            connection, Again, ("$id", id), ("$sink", sink), ("$json", json.ToArray()), ("$due", DateTimeOffset.MinValue.UtcTicks));
        return command.ExecuteNonQuery() > 0;
    }

    public static int MarkFailed(
        SqliteConnection connection, string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason)
    {
        using var command = StateDatabase.Command(
            connection, Fail, ("$id", id), ("$sink", sink), ("$failed", failedAt.UtcTicks), ("$due", retryAt.UtcTicks), ("$reason", reason));
        return command.ExecuteNonQuery();
    }

    private static int End(SqliteConnection connection, string id, string sink, DateTimeOffset at, DeliveryState state, string? reason)
    {
        using var command = StateDatabase.Command(
            connection, Finish, ("$id", id), ("$sink", sink), ("$state", (int)state), ("$at", at.UtcTicks), ("$held", reason));
        var ended = command.ExecuteNonQuery();
        if (ended > 0 && state != DeliveryState.GivenUp)
        {
            DropHeldBefore(connection, id, sink, at);
        }

        return ended;
    }

    private static void DropHeldBefore(SqliteConnection connection, string id, string sink, DateTimeOffset at)
    {
        using var command = StateDatabase.Command(connection, DropOlderHeld, ("$id", id), ("$sink", sink), ("$at", at.UtcTicks));
        command.ExecuteNonQuery();
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static void Run(SqliteConnection connection, string sql, OutboxItem item, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        using var command = StateDatabase.Command(
            connection,
            sql,
            [
                ("$id", item.Id), ("$incident", item.IncidentId), ("$json", item.Json.ToArray()), ("$attempts", item.Attempts),
                ("$due", DateTimeOffset.MinValue.UtcTicks), ("$added", item.AddedAt.UtcTicks), .. more,
            ]);
        command.ExecuteNonQuery();
    }
}
