using System.IO.Hashing;
using System.Text;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Culprit.Server.Storage.Moving;

/// <summary>One table of the state, as it is called in both databases.</summary>
/// <param name="Columns">Name in the target, with its type there. Text that SQLite keeps as bytes becomes text.</param>
/// <param name="HasRows">Its rows are numbered, and go on being so.</param>
internal sealed record StateTable(string Name, bool HasRows, (string Name, NpgsqlDbType Type)[] Columns)
{
    private const NpgsqlDbType Text = NpgsqlDbType.Text;
    private const NpgsqlDbType Bytes = NpgsqlDbType.Bytea;
    private const NpgsqlDbType Long = NpgsqlDbType.Bigint;
    private const NpgsqlDbType Int = NpgsqlDbType.Integer;
    private const NpgsqlDbType Short = NpgsqlDbType.Smallint;

    public static readonly IReadOnlyList<StateTable> All =
    [
        new("derived_events", true,
        [
            ("row", Long), ("id", Text), ("type", Text), ("timestamp", Long), ("environment", Text), ("service", Text),
            ("correlation_id", Text), ("causation_id", Text), ("json", Text),
        ]),
        new("snapshots", true, [("row", Long), ("version", Int), ("sequence", Long), ("bytes", Bytes)]),
        new("outbox", true,
        [
            ("row", Long), ("id", Text), ("sink", Text), ("incident_id", Text), ("json", Text), ("attempts", Int), ("due_at", Long),
            ("state", Short), ("failing_since", Long), ("last_error", Text), ("added_at", Long), ("ended_at", Long), ("held", Text),
        ]),
        new("silences", true, [("row", Long), ("id", Text), ("json", Text), ("ends_at", Long)]),
        new("dead_letters", true,
        [
            ("row", Long), ("id", Text), ("at", Long), ("reason", Text), ("raw", Bytes), ("kind", Text), ("tries", Int), ("decoder", Text),
            ("event_id", Text),
        ]),
        new("poison", false, [("sequence", Long), ("tries", Int)]),
        new("idempotency_keys", false, [("key", Text), ("body_hash", Bytes), ("status", Int), ("answer", Bytes), ("at", Long)]),
        new("pattern_aliases", true, [("row", Long), ("old", Long), ("current", Long), ("text", Text)]),
        new("feedback", true,
        [
            ("row", Long), ("incident_id", Text), ("verdict", Text), ("service", Text), ("name", Text), ("runbook", Text), ("note", Text),
            ("signature", Text), ("incident_at", Long), ("at", Long),
        ]),
        new("api_keys", true,
        [
            ("row", Long), ("id", Text), ("hash", Bytes), ("terms", Bytes), ("created_at", Long), ("revoked_at", Long),
        ]),
        new("audit_log", true, [("row", Long), ("at", Long), ("actor", Text), ("action", Text), ("target", Text)]),
        new("alert_threads", false,
        [
            ("sink", Text), ("incident_id", Text), ("channel", Text), ("message", Text), ("first_json", Text), ("at", Long),
        ]),
        new("retention_classes", false, [("number", Short), ("name", Text)]),
    ];

    // The one column that has another name in the embedded store.
    private IEnumerable<string> SourceColumns => Columns.Select(c => (Name, c.Name) == ("outbox", "state") ? "delivered" : c.Name);

    /// <summary>Copies all rows, reads them back and compares; how many there are. In a transaction.</summary>
    /// <exception cref="StoreMoveException">What was read back is not what was copied.</exception>
    public async Task<long> MoveAsync(StateDatabase source, NpgsqlConnection target, CancellationToken cancellationToken)
    {
        var rows = source.Read(Read);
        var names = string.Join(", ", Columns.Select(c => c.Name));
        await using (var copy = await target.BeginBinaryImportAsync($"COPY {Name} ({names}) FROM STDIN (FORMAT BINARY)", cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (var row in rows)
            {
                await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
                for (var c = 0; c < Columns.Length; c++)
                {
                    await WriteAsync(copy, row[c], Columns[c].Type, cancellationToken).ConfigureAwait(false);
                }
            }

            await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        if (HasRows)
        {
            await Sql.ExecuteAsync(
                target,
                $"SELECT setval(pg_get_serial_sequence('culprit.{Name}', 'row'), max(row)) FROM {Name} HAVING max(row) IS NOT NULL",
                [],
                cancellationToken).ConfigureAwait(false);
        }

        var back = await Sql.ListAsync(
            target,
            $"SELECT {names} FROM {Name}",
            [],
            r => Enumerable.Range(0, Columns.Length).Select(c => r.IsDBNull(c) ? null : r.GetValue(c)).ToArray(),
            cancellationToken).ConfigureAwait(false);
        if (back.Count != rows.Count || SumOf(back) != SumOf(rows))
        {
            throw new StoreMoveException($"{Name}: {rows.Count} rows were copied, and {back.Count} others read back.");
        }

        return rows.Count;
    }

    private static ulong SumOf(IEnumerable<object?[]> rows)
    {
        var sum = 0ul;
        foreach (var row in rows)
        {
            var hash = new XxHash3();
            foreach (var value in row)
            {
                var bytes = value switch
                {
                    null => [],
                    byte[] b => b,
                    string s => Encoding.UTF8.GetBytes(s),
                    _ => BitConverter.GetBytes(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)),
                };
                hash.Append(BitConverter.GetBytes(value is null ? -1 : bytes.Length));
                hash.Append(bytes);
            }

            sum = unchecked(sum + hash.GetCurrentHashAsUInt64());
        }

        return sum;
    }

    private static Task WriteAsync(NpgsqlBinaryImporter copy, object? value, NpgsqlDbType type, CancellationToken cancellationToken) => value switch
    {
        null => copy.WriteNullAsync(cancellationToken),
        long number when type == Int => copy.WriteAsync((int)number, type, cancellationToken),
        long number when type == Short => copy.WriteAsync((short)number, type, cancellationToken),
        long number => copy.WriteAsync(number, type, cancellationToken),
        string text => copy.WriteAsync(text, type, cancellationToken),
        byte[] bytes => copy.WriteAsync(bytes, type, cancellationToken),
        _ => throw new System.Diagnostics.UnreachableException($"A value of {value.GetType()}."),
    };

    private List<object?[]> Read(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, $"SELECT {string.Join(", ", SourceColumns)} FROM {Name} ORDER BY 1");
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object?[Columns.Length];
            for (var c = 0; c < row.Length; c++)
            {
                row[c] = (reader.IsDBNull(c) ? null : reader.GetValue(c)) switch
                {
                    string text => PostgresText.Encode(text),
                    byte[] utf8 when Columns[c].Type == Text => PostgresText.FromUtf8(utf8),
                    var value => value,
                };
            }

            rows.Add(row);
        }

        return rows;
    }
}
