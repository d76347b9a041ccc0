using System.Buffers.Binary;
using Culprit.Server.Ingestion;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Idempotency keys, so that the journal need not be kept for their sake.</summary>
internal static class IdempotencyTable
{
    private const string Upsert = """
        INSERT INTO idempotency_keys (key, body_hash, status, answer, at) VALUES ($key, $hash, $status, $answer, $at)
        ON CONFLICT (key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer, at = excluded.at
        """;

    private const string Drop = "DELETE FROM idempotency_keys WHERE at <= $at";

    private const string Select = "SELECT key, body_hash, status, answer, at FROM idempotency_keys WHERE at > $at ORDER BY at";

    public static void Add(SqliteConnection connection, KeptKey kept)
    {
        var hash = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(hash, kept.BodyHash);
        using var command = StateDatabase.Command(
            connection,
            Upsert,
            ("$key", kept.Key),
            ("$hash", hash),
            ("$status", kept.Answer.Status),
            ("$answer", kept.Answer.Body.ToArray()),
            ("$at", kept.AtNanos));
        command.ExecuteNonQuery();
    }

    public static void DropThrough(SqliteConnection connection, long atNanos)
    {
        using var command = StateDatabase.Command(connection, Drop, ("$at", atNanos));
        command.ExecuteNonQuery();
    }

    /// <summary>Calls back for each key after a moment, oldest first.</summary>
    public static int Load(SqliteConnection connection, long afterNanos, Action<KeptKey> each)
    {
        using var command = StateDatabase.Command(connection, Select, ("$at", afterNanos));
        using var reader = command.ExecuteReader();
        var count = 0;
        for (; reader.Read(); count++)
        {
            each(new KeptKey(
                reader.GetString(0),
                BinaryPrimitives.ReadUInt128LittleEndian(reader.GetFieldValue<byte[]>(1)),
                new StoredAnswer(reader.GetInt32(2), reader.GetFieldValue<byte[]>(3)),
                reader.GetInt64(4)));
        }

        return count;
    }
}
