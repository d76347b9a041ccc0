using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Threads of alerts in PostgreSQL.</summary>
internal sealed class PostgresAlertThreadStore(PostgresDatabase database) : IAlertThreadStore
{
    private const string Select = "SELECT channel, message, first_json, at FROM alert_threads WHERE sink = $1 AND incident_id = $2";

    private const string Save = """
        INSERT INTO alert_threads (sink, incident_id, channel, message, first_json, at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (sink, incident_id) DO UPDATE SET channel = $3, message = $4, first_json = $5, at = $6
        """;

    private const string DropOld = "DELETE FROM alert_threads WHERE at < $1";

    public Task<AlertThread?> FindAsync(string sink, string incidentId, CancellationToken cancellationToken) => database.ReadAsync(
        async connection => (await Sql.ListAsync(
            connection,
            Select,
            [PostgresText.Encode(sink), PostgresText.Encode(incidentId)],
            r => new AlertThread(
                sink, incidentId, r.Text(0), r.Text(1), Encoding.UTF8.GetBytes(r.Text(2)), new DateTimeOffset(r.GetInt64(3), TimeSpan.Zero)),
            cancellationToken).ConfigureAwait(false)).FirstOrDefault(),
        cancellationToken);

    public Task SaveAsync(AlertThread thread, CancellationToken cancellationToken) => database.WriteAsync(
        async connection =>
        {
            await Sql.ExecuteAsync(connection, DropOld, [(thread.At - IAlertThreadStore.Kept).UtcTicks], cancellationToken).ConfigureAwait(false);
            return await Sql.ExecuteAsync(
                connection,
                Save,
                [
                    PostgresText.Encode(thread.Sink), PostgresText.Encode(thread.IncidentId), PostgresText.Encode(thread.Channel),
                    PostgresText.Encode(thread.Message), PostgresText.FromUtf8(thread.FirstJson.Span), thread.At.UtcTicks,
                ],
                cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);
}
