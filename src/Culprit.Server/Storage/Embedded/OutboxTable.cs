using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Alerts on their way, one row per alert and sink.</summary>
/// <remarks>A row that is done stays, without its content, so that a replay does not send it again.</remarks>
internal static class OutboxTable
{
    private const string Insert = """
        INSERT OR IGNORE INTO outbox (id, sink, incident_id, json, attempts, due_at)
        VALUES ($id, $sink, $incident, $json, $attempts, $due)
        """;

    private const string Known = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = $id)";

    // A sink that was given up never heard of the incident, so it need not hear of its end.
    private const string InsertForThoseTold = """
        INSERT OR IGNORE INTO outbox (id, sink, incident_id, json, attempts, due_at)
        SELECT $id, sink, $incident, $json, $attempts, $due FROM outbox
        WHERE incident_id = $incident AND id <> $id AND delivered <> 2 GROUP BY sink ORDER BY min(row)
        """;

    // Only the oldest undelivered alert of an incident may go to a sink: "resolved" never overtakes "firing".
    private const string IsHead = """
        NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.delivered = 0 AND earlier.sink = o.sink
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
        UPDATE outbox SET delivered = $state, json = x'' WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string Fail = """
        UPDATE outbox SET attempts = attempts + 1, failing_since = coalesce(failing_since, $failed), due_at = $due, last_error = $reason
        WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string Again = """
        UPDATE outbox SET delivered = 0, json = $json, attempts = 0, failing_since = NULL, last_error = NULL, due_at = $due
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

    public static int MarkDelivered(SqliteConnection connection, string id, string sink)
    {
        using var command = StateDatabase.Command(connection, Finish, ("$id", id), ("$sink", sink), ("$state", 1));
        return command.ExecuteNonQuery();
    }

    public static int MarkGivenUp(SqliteConnection connection, string id, string sink)
    {
        using var command = StateDatabase.Command(connection, Finish, ("$id", id), ("$sink", sink), ("$state", 2));
        return command.ExecuteNonQuery();
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

    private static void Run(SqliteConnection connection, string sql, OutboxItem item, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        using var command = StateDatabase.Command(
            connection,
            sql,
            [
                ("$id", item.Id), ("$incident", item.IncidentId), ("$json", item.Json.ToArray()), ("$attempts", item.Attempts),
                ("$due", DateTimeOffset.MinValue.UtcTicks), .. more,
            ]);
        command.ExecuteNonQuery();
    }
}
