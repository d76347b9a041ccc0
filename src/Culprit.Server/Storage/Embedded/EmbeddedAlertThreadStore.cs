using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Threads of alerts in SQLite.</summary>
internal sealed class EmbeddedAlertThreadStore(StateDatabase database) : IAlertThreadStore
{
    private const string Select = "SELECT channel, message, first_json, at FROM alert_threads WHERE sink = $sink AND incident_id = $incident";

    private const string Save = """
        INSERT OR REPLACE INTO alert_threads (sink, incident_id, channel, message, first_json, at)
        VALUES ($sink, $incident, $channel, $message, $json, $at)
        """;

    private const string DropOld = "DELETE FROM alert_threads WHERE at < $before";

    public Task<AlertThread?> FindAsync(string sink, string incidentId, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = StateDatabase.Command(connection, Select, ("$sink", sink), ("$incident", incidentId));
            using var reader = command.ExecuteReader();
            return reader.Read()
                ? new AlertThread(
                    sink, incidentId, reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), new DateTimeOffset(reader.GetInt64(3), TimeSpan.Zero))
                : null;
        }));

    public Task SaveAsync(AlertThread thread, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            using var drop = StateDatabase.Command(connection, DropOld, ("$before", (thread.At - IAlertThreadStore.Kept).UtcTicks));
            drop.ExecuteNonQuery();
            using var save = StateDatabase.Command(
                connection,
                Save,
                ("$sink", thread.Sink),
                ("$incident", thread.IncidentId),
                ("$channel", thread.Channel),
                ("$message", thread.Message),
                ("$json", thread.FirstJson.ToArray()),
                ("$at", thread.At.UtcTicks));
            return save.ExecuteNonQuery();
        },
        cancellationToken);
}
