using System.Text;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>What the engine made: one row per event, in the order of writing.</summary>
internal static class DerivedEventTable
{
    private const string Columns = "row, id, type, timestamp, environment, service, correlation_id, causation_id, json";

    private const string Insert = """
        INSERT OR IGNORE INTO derived_events
            (id, type, timestamp, environment, service, correlation_id, causation_id, json)
        VALUES ($id, $type, $timestamp, $environment, $service, $correlation, $causation, $json)
        """;

    // An incident is over when the newest event of its life says so. What belongs to none goes by its own age.
    private const string Drop = """
        DELETE FROM derived_events WHERE row IN (
            SELECT e.row FROM derived_events e
            WHERE e.timestamp < $before
              AND (e.correlation_id IS NULL
                OR NOT EXISTS (
                    SELECT 1 FROM derived_events newer
                    WHERE newer.correlation_id = e.correlation_id AND newer.timestamp >= $before)
                AND coalesce((
                    SELECT life.type FROM derived_events life
                    WHERE life.correlation_id = e.correlation_id AND life.type LIKE 'incident.%'
                    ORDER BY life.timestamp DESC, life.row DESC LIMIT 1), $resolved) = $resolved)
            ORDER BY e.timestamp, e.row
            LIMIT $limit)
        """;

    /// <summary>Deletes the oldest events from before a time; see <see cref="EmbeddedStateStore.DropEventsAsync"/>.</summary>
    public static int DropBefore(SqliteConnection connection, long beforeNanos, int limit)
    {
        using var command = StateDatabase.Command(
            connection, Drop, ("$before", beforeNanos), ("$resolved", EventTypes.IncidentResolved), ("$limit", limit));
        return command.ExecuteNonQuery();
    }

    /// <summary>False when the id was there already.</summary>
    public static bool TryAdd(SqliteConnection connection, DerivedEvent e)
    {
        using var command = StateDatabase.Command(
            connection,
            Insert,
            ("$id", e.Id),
            ("$type", e.Type),
            ("$timestamp", e.TimestampNanos),
            ("$environment", e.Environment),
            ("$service", e.Service),
            ("$correlation", e.CorrelationId),
            ("$causation", e.CausationId),
            ("$json", e.Json.ToArray()));
        return command.ExecuteNonQuery() == 1;
    }

    public static DerivedEvent? FindById(SqliteConnection connection, string id)
    {
        using var command = StateDatabase.Command(
            connection, $"SELECT {Columns} FROM derived_events WHERE id = $id", ("$id", id));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader).Event : null;
    }

    public static IReadOnlyList<DerivedRow> Find(SqliteConnection connection, DerivedQuery query, CancellationToken cancellationToken)
    {
        using var command = connection.CreateCommand();
        var sql = new StringBuilder($"SELECT {Columns} FROM derived_events WHERE timestamp >= ");
        sql.Append(Bind(command, query.FromNanos));
        if (query.ToNanos != long.MaxValue)
        {
            sql.Append(" AND timestamp < ").Append(Bind(command, query.ToNanos));
        }

        if (query.Types is not null)
        {
            sql.Append(" AND type IN (").AppendJoin(", ", query.Types.Select(t => Bind(command, t))).Append(')');
        }

        AppendEquals(sql, command, "service", query.Service);
        AppendEquals(sql, command, "environment", query.Environment);
        AppendEquals(sql, command, "correlation_id", query.CorrelationId);
        if (!string.IsNullOrEmpty(query.Text))
        {
            sql.Append(" AND contains_text(json, ").Append(Bind(command, query.Text)).Append(')');
        }

        if (query.After is { } after)
        {
            sql.Append(" AND (timestamp, row) ").Append(query.OldestFirst ? '>' : '<')
                .Append($" ({Bind(command, after.TimestampNanos)}, {Bind(command, after.Row)})");
        }

        var direction = query.OldestFirst ? "ASC" : "DESC";
        sql.Append($" ORDER BY timestamp {direction}, row {direction} LIMIT {Bind(command, query.Limit)}");
#pragma warning disable CA2100 // Built from constants above; every value is a parameter.
        command.CommandText = sql.ToString();
#pragma warning restore CA2100

        using var reader = command.ExecuteReader();
        var rows = new List<DerivedRow>();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(Read(reader));
        }

        return rows;
    }

    private static void AppendEquals(StringBuilder sql, SqliteCommand command, string column, string? value)
    {
        if (value is not null)
        {
            sql.Append($" AND {column} = ").Append(Bind(command, value));
        }
    }

    private static string Bind(SqliteCommand command, object value)
    {
        var name = $"${command.Parameters.Count}";
        command.Parameters.AddWithValue(name, value);
        return name;
    }

    private static DerivedRow Read(SqliteDataReader reader) => new(
        reader.GetInt64(0),
        new DerivedEvent(
            reader.GetString(1),
            reader.GetString(2),
            reader.GetInt64(3),
            reader.GetString(4),
            TextOrNull(reader, 5),
            TextOrNull(reader, 6),
            TextOrNull(reader, 7),
            reader.GetFieldValue<byte[]>(8)));

    private static string? TextOrNull(SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);
}
