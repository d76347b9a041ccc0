using System.Buffers.Binary;
using Culprit.Server.Ingestion;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Idempotency keys in PostgreSQL.</summary>
internal sealed class PostgresIdempotencyStore(PostgresDatabase database) : IIdempotencyStore
{
    private const string Consumer = "idempotency-keys";

    private const string Upsert = """
        INSERT INTO idempotency_keys (key, body_hash, status, answer, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer, at = excluded.at
        """;

    private const string Drop = "DELETE FROM idempotency_keys WHERE at <= $1";

    private const string Find = "SELECT key, body_hash FROM idempotency_keys WHERE key = ANY($1) AND at > $2";

    private const string Select = "SELECT key, body_hash, status, answer, at FROM idempotency_keys WHERE at > $1 ORDER BY at";

    public Task<long> LoadAsync(long afterNanos, Action<KeptKey> each, CancellationToken cancellationToken) => database.ReadAsync(
        async connection =>
        {
            await using (var command = Sql.Command(connection, Select, afterNanos))
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    each(new KeptKey(
                        reader.Text(0),
                        BinaryPrimitives.ReadUInt128LittleEndian(reader.GetFieldValue<byte[]>(1)),
                        new StoredAnswer(reader.GetInt32(2), reader.GetFieldValue<byte[]>(3)),
                        reader.GetInt64(4)));
                }
            }

            return await PostgresPositions.GetAsync(connection, Consumer, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    public Task SaveAsync(
        IReadOnlyList<KeptKey> keys, long forgottenNanos, long throughSequence, CancellationToken cancellationToken) => database.WriteAsync(
        async connection =>
        {
            await SaveAsync(connection, keys, cancellationToken).ConfigureAwait(false);
            await Sql.ExecuteAsync(connection, Drop, [forgottenNanos], cancellationToken).ConfigureAwait(false);
            await PostgresPositions.AdvanceAsync(connection, Consumer, throughSequence, cancellationToken).ConfigureAwait(false);
            return keys.Count;
        },
        cancellationToken);

    /// <summary>Keeps keys, in a transaction of the caller's.</summary>
    public static async Task SaveAsync(NpgsqlConnection connection, IEnumerable<KeptKey> keys, CancellationToken cancellationToken)
    {
        foreach (var kept in keys)
        {
            var hash = new byte[16];
            BinaryPrimitives.WriteUInt128LittleEndian(hash, kept.BodyHash);
            await Sql.ExecuteAsync(
                connection, Upsert, [PostgresText.Encode(kept.Key), hash, kept.Answer.Status, kept.Answer.Body.ToArray(), kept.AtNanos], cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Those of the keys that are kept and younger than a moment, with the hash of their body.</summary>
    public static async Task<Dictionary<string, UInt128>> FindAsync(
        NpgsqlConnection connection, IEnumerable<string> keys, long afterNanos, CancellationToken cancellationToken)
    {
        var found = await Sql.ListAsync(
            connection,
            Find,
            [keys.Select(PostgresText.Encode).ToArray(), afterNanos],
            r => (Key: r.Text(0), Hash: BinaryPrimitives.ReadUInt128LittleEndian(r.GetFieldValue<byte[]>(1))),
            cancellationToken).ConfigureAwait(false);
        return found.ToDictionary(f => f.Key, f => f.Hash, StringComparer.Ordinal);
    }
}
