using System.Data.Common;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Dead letters in PostgreSQL, one row each, and the tries of records that may become some.</summary>
internal static class PostgresDeadLetters
{
    private const string Columns = "row, id, at, reason, raw, kind, tries, decoder, event_id";

    private const string Insert = """
        INSERT INTO dead_letters (id, at, reason, raw, kind, tries, decoder, event_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING
        """;

    private const string Select = $"""
        SELECT {Columns} FROM dead_letters
        WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR strpos(lower(reason), $2) > 0)
            AND ($3::bigint IS NULL OR row < $3)
        ORDER BY row DESC LIMIT $4
        """;

    private const string SelectById = $"SELECT {Columns} FROM dead_letters WHERE id = $1";

    private const string Delete = "DELETE FROM dead_letters WHERE id = $1";

    private const string DeleteRetried = "DELETE FROM dead_letters WHERE event_id = $1 AND kind = 'engine' AND at <= $2";

    private const string SelectPoison = "SELECT sequence, tries FROM poison";

    private const string UpsertPoison = """
        INSERT INTO poison (sequence, tries) VALUES ($1, $2) ON CONFLICT (sequence) DO UPDATE SET tries = excluded.tries
        """;

    // What every kept snapshot is past is never replayed.
    private const string DeleteOldPoison = "DELETE FROM poison WHERE sequence <= (SELECT min(sequence) FROM snapshots)";

    public static Task<int> AddAsync(NpgsqlConnection connection, DeadLetter letter, CancellationToken cancellationToken) => Sql.ExecuteAsync(
        connection,
        Insert,
        [
            PostgresText.Encode(letter.Id), letter.At.UtcTicks, PostgresText.Encode(letter.Reason), letter.Raw.ToArray(),
            letter.Kind, letter.Tries, PostgresText.EncodeOrNull(letter.Decoder), PostgresText.EncodeOrNull(letter.EventId),
        ],
        cancellationToken);

    public static async Task<IReadOnlyList<DeadLetter>> FindAsync(
        NpgsqlConnection connection, DeadLetterQuery query, CancellationToken cancellationToken) =>
        await Sql.ListAsync(
            connection,
            Select,
            [query.Kind, query.Text is null ? null : RecordSql.Folded(query.Text), query.BeforeRow, query.Limit],
            Read,
            cancellationToken).ConfigureAwait(false);

    public static async Task<DeadLetter?> FindByIdAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(connection, SelectById, [PostgresText.Encode(id)], Read, cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    public static async Task<bool> DropAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(connection, Delete, [PostgresText.Encode(id)], cancellationToken).ConfigureAwait(false) > 0;

    public static Task<int> DropRetriedAsync(
        NpgsqlConnection connection, string eventId, DateTimeOffset before, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, DeleteRetried, [PostgresText.Encode(eventId), before.UtcTicks], cancellationToken);

    public static async Task<IReadOnlyDictionary<long, int>> LoadPoisonAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(connection, SelectPoison, [], r => (r.GetInt64(0), r.GetInt32(1)), cancellationToken).ConfigureAwait(false))
            .ToDictionary(p => p.Item1, p => p.Item2);

    public static Task SavePoisonAsync(NpgsqlConnection connection, PoisonTry poison, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, UpsertPoison, [poison.Sequence, poison.Tries], cancellationToken);

    public static Task DropOldPoisonAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, DeleteOldPoison, [], cancellationToken);

    private static DeadLetter Read(DbDataReader reader) =>
        new(reader.Text(1), new DateTimeOffset(reader.GetInt64(2), TimeSpan.Zero), reader.Text(3), reader.GetFieldValue<byte[]>(4))
        {
            Row = reader.GetInt64(0),
            Kind = reader.GetString(5),
            Tries = reader.GetInt32(6),
            Decoder = reader.TextOrNull(7),
            EventId = reader.TextOrNull(8),
        };
}
