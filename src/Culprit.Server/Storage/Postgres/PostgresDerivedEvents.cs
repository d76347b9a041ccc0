using System.Data.Common;
using System.Globalization;
using System.Text;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>What the engine made: one row per event, in the order of writing.</summary>
internal static class PostgresDerivedEvents
{
    private const string Columns = "row, id, type, timestamp, environment, service, correlation_id, causation_id, json";

    private const string Insert = """
        INSERT INTO derived_events (id, type, timestamp, environment, service, correlation_id, causation_id, json)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING
        """;

    private const string SelectById = $"SELECT {Columns} FROM derived_events WHERE id = $1";

    // An incident is over when the newest event of its life says so. What belongs to none goes by its own age.
    private const string Drop = """
        DELETE FROM derived_events WHERE row IN (
            SELECT e.row FROM derived_events e
            WHERE e.timestamp < $1
              AND (e.correlation_id IS NULL
                OR NOT EXISTS (
                    SELECT 1 FROM derived_events newer
                    WHERE newer.correlation_id = e.correlation_id AND newer.timestamp >= $1)
                AND coalesce((
                    SELECT life.type FROM derived_events life
                    WHERE life.correlation_id = e.correlation_id AND life.type LIKE 'incident.%'
                    ORDER BY life.timestamp DESC, life.row DESC LIMIT 1), $2) = $2)
            ORDER BY e.timestamp, e.row
            LIMIT $3)
        """;

    /// <summary>False when the id was there already.</summary>
    public static async Task<bool> TryAddAsync(NpgsqlConnection connection, DerivedEvent e, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(
            connection,
            Insert,
            [
                PostgresText.Encode(e.Id), PostgresText.Encode(e.Type), e.TimestampNanos, PostgresText.Encode(e.Environment),
                PostgresText.EncodeOrNull(e.Service), PostgresText.EncodeOrNull(e.CorrelationId), PostgresText.EncodeOrNull(e.CausationId),
                PostgresText.FromUtf8(e.Json.Span),
            ],
            cancellationToken).ConfigureAwait(false) == 1;

    /// <summary>Deletes the oldest events from before a time; see <see cref="PostgresStateStore.DropEventsAsync"/>.</summary>
    public static Task<int> DropBeforeAsync(NpgsqlConnection connection, long beforeNanos, int limit, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Drop, [beforeNanos, EventTypes.IncidentResolved, limit], cancellationToken);

    public static async Task<DerivedEvent?> FindByIdAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(connection, SelectById, [PostgresText.Encode(id)], Read, cancellationToken).ConfigureAwait(false))
            .FirstOrDefault()?.Event;

    public static async Task<IReadOnlyList<DerivedRow>> FindAsync(
        NpgsqlConnection connection, DerivedQuery query, CancellationToken cancellationToken)
    {
        var values = new List<object?>();
        var sql = new StringBuilder($"SELECT {Columns} FROM derived_events WHERE timestamp >= {Bind(query.FromNanos)}");
        if (query.ToNanos != long.MaxValue)
        {
            sql.Append($" AND timestamp < {Bind(query.ToNanos)}");
        }

        if (query.Types is not null)
        {
            sql.Append($" AND type = ANY({Bind(query.Types.Select(PostgresText.Encode).ToArray())})");
        }

        AppendEquals("service", query.Service);
        AppendEquals("environment", query.Environment);
        AppendEquals("correlation_id", query.CorrelationId);
        if (!string.IsNullOrEmpty(query.Text))
        {
            sql.Append($" AND strpos(lower(json), {Bind(RecordSql.Folded(query.Text))}) > 0");
        }

        if (query.After is { } after)
        {
            sql.Append($" AND (timestamp, row) {(query.OldestFirst ? '>' : '<')} ({Bind(after.TimestampNanos)}, {Bind(after.Row)})");
        }

        var direction = query.OldestFirst ? "ASC" : "DESC";
        sql.Append($" ORDER BY timestamp {direction}, row {direction} LIMIT {Bind(query.Limit)}");
        return await Sql.ListAsync(connection, sql.ToString(), [.. values], Read, cancellationToken).ConfigureAwait(false);

        void AppendEquals(string column, string? value)
        {
            if (value is not null)
            {
                sql.Append($" AND {column} = {Bind(PostgresText.Encode(value))}");
            }
        }

        string Bind(object value)
        {
            values.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
        }
    }

    private static DerivedRow Read(DbDataReader reader) => new(
        reader.GetInt64(0),
        new DerivedEvent(
            reader.Text(1),
            reader.Text(2),
            reader.GetInt64(3),
            reader.Text(4),
            reader.TextOrNull(5),
            reader.TextOrNull(6),
            reader.TextOrNull(7),
            Encoding.UTF8.GetBytes(reader.Text(8))));
}
