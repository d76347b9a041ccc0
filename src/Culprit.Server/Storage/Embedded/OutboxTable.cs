using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Alerts on their way, one row per alert and sink.</summary>
/// <remarks>A delivered row stays, without its content, so that a replay does not send it again.</remarks>
internal static class OutboxTable
{
    private const string Insert = """
        INSERT OR IGNORE INTO outbox (id, sink, incident_id, json, attempts, due_at)
        VALUES ($id, $sink, $incident, $json, $attempts, $due)
        """;

    // Only the oldest undelivered alert of an incident may go to a sink: "resolved" never overtakes "firing".
    private const string Due = """
        SELECT id, sink, incident_id, json, attempts FROM outbox AS o
        WHERE delivered = 0 AND due_at <= $now AND NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.delivered = 0 AND earlier.sink = o.sink
                AND earlier.incident_id = o.incident_id AND earlier.row < o.row)
        ORDER BY row LIMIT $limit
        """;

    private const string Deliver = """
        UPDATE outbox SET delivered = 1, json = x'' WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string Fail = """
        UPDATE outbox SET attempts = attempts + 1, due_at = $due, last_error = $reason
        WHERE id = $id AND sink = $sink AND delivered = 0
        """;

    private const string DropDelivered = """
        DELETE FROM outbox WHERE delivered = 1 AND NOT EXISTS (SELECT 1 FROM derived_events WHERE derived_events.id = outbox.id)
        """;

    /// <summary>Forgets deliveries of alerts that are themselves gone.</summary>
    public static void DropDeliveredWithoutEvent(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, DropDelivered);
        command.ExecuteNonQuery();
    }

    public static void Add(SqliteConnection connection, OutboxItem item)
    {
        using var command = StateDatabase.Command(
            connection,
            Insert,
            ("$id", item.Id),
            ("$sink", item.Sink),
            ("$incident", item.IncidentId),
            ("$json", item.Json.ToArray()),
            ("$attempts", item.Attempts),
            ("$due", DateTimeOffset.MinValue.UtcTicks));
        command.ExecuteNonQuery();
    }

    public static IReadOnlyList<OutboxItem> FindDue(SqliteConnection connection, DateTimeOffset now, int limit)
    {
        using var command = StateDatabase.Command(connection, Due, ("$now", now.UtcTicks), ("$limit", limit));
        using var reader = command.ExecuteReader();
        var due = new List<OutboxItem>();
        while (reader.Read())
        {
            due.Add(new OutboxItem(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3), reader.GetInt32(4)));
        }

        return due;
    }

    public static int MarkDelivered(SqliteConnection connection, string id, string sink)
    {
        using var command = StateDatabase.Command(connection, Deliver, ("$id", id), ("$sink", sink));
        return command.ExecuteNonQuery();
    }

    public static int MarkFailed(SqliteConnection connection, string id, string sink, DateTimeOffset retryAt, string reason)
    {
        using var command = StateDatabase.Command(
            connection, Fail, ("$id", id), ("$sink", sink), ("$due", retryAt.UtcTicks), ("$reason", reason));
        return command.ExecuteNonQuery();
    }
}
