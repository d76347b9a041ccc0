using Culprit.Engine.Storage;
using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Dead letters in SQLite, one row each, and the tries of records that may become some.</summary>
internal static class DeadLetterTable
{
    private const string Columns = "row, id, at, reason, raw, kind, tries, decoder, event_id";

    private const string Insert = """
        INSERT OR IGNORE INTO dead_letters (id, at, reason, raw, kind, tries, decoder, event_id)
        VALUES ($id, $at, $reason, $raw, $kind, $tries, $decoder, $event)
        """;

    private const string Select = $"""
        SELECT {Columns} FROM dead_letters
        WHERE ($kind IS NULL OR kind = $kind) AND ($text IS NULL OR contains_text(CAST(reason AS BLOB), $text))
            AND ($before IS NULL OR row < $before)
        ORDER BY row DESC LIMIT $limit
        """;

    private const string SelectById = $"SELECT {Columns} FROM dead_letters WHERE id = $id";

    private const string Delete = "DELETE FROM dead_letters WHERE id = $id";

    private const string DeleteRetried = "DELETE FROM dead_letters WHERE event_id = $event AND kind = 'engine' AND at <= $before";

    private const string SelectPoison = "SELECT sequence, tries FROM poison";

    private const string UpsertPoison = """
        INSERT INTO poison (sequence, tries) VALUES ($sequence, $tries) ON CONFLICT (sequence) DO UPDATE SET tries = excluded.tries
        """;

    // What every kept snapshot is past is never replayed.
    private const string DeleteOldPoison = "DELETE FROM poison WHERE sequence <= (SELECT min(sequence) FROM snapshots)";

    public static int Add(SqliteConnection connection, DeadLetter letter)
    {
        using var command = StateDatabase.Command(
            connection,
            Insert,
            ("$id", letter.Id),
            ("$at", letter.At.UtcTicks),
            ("$reason", letter.Reason),
            ("$raw", letter.Raw.ToArray()),
            ("$kind", letter.Kind),
            ("$tries", letter.Tries),
            ("$decoder", letter.Decoder),
            ("$event", letter.EventId));
        return command.ExecuteNonQuery();
    }

    public static IReadOnlyList<DeadLetter> Find(SqliteConnection connection, DeadLetterQuery query)
    {
        using var command = StateDatabase.Command(
            connection, Select, ("$kind", query.Kind), ("$text", query.Text), ("$before", query.BeforeRow), ("$limit", query.Limit));
        using var reader = command.ExecuteReader();
        var letters = new List<DeadLetter>();
        while (reader.Read())
        {
            letters.Add(Read(reader));
        }

        return letters;
    }

    public static DeadLetter? FindById(SqliteConnection connection, string id)
    {
        using var command = StateDatabase.Command(connection, SelectById, ("$id", id));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    public static bool Drop(SqliteConnection connection, string id)
    {
        using var command = StateDatabase.Command(connection, Delete, ("$id", id));
        return command.ExecuteNonQuery() > 0;
    }

    public static int DropRetried(SqliteConnection connection, string eventId, DateTimeOffset before)
    {
        using var command = StateDatabase.Command(connection, DeleteRetried, ("$event", eventId), ("$before", before.UtcTicks));
        return command.ExecuteNonQuery();
    }

    public static IReadOnlyDictionary<long, int> LoadPoison(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, SelectPoison);
        using var reader = command.ExecuteReader();
        var tries = new Dictionary<long, int>();
        while (reader.Read())
        {
            tries.Add(reader.GetInt64(0), reader.GetInt32(1));
        }

        return tries;
    }

    public static void SavePoison(SqliteConnection connection, PoisonTry poison)
    {
        using var command = StateDatabase.Command(connection, UpsertPoison, ("$sequence", poison.Sequence), ("$tries", poison.Tries));
        command.ExecuteNonQuery();
    }

    public static void DropOldPoison(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, DeleteOldPoison);
        command.ExecuteNonQuery();
    }

    private static DeadLetter Read(SqliteDataReader reader) =>
        new(reader.GetString(1), new DateTimeOffset(reader.GetInt64(2), TimeSpan.Zero), reader.GetString(3), reader.GetFieldValue<byte[]>(4))
        {
            Row = reader.GetInt64(0),
            Kind = reader.GetString(5),
            Tries = reader.GetInt32(6),
            Decoder = reader.IsDBNull(7) ? null : reader.GetString(7),
            EventId = reader.IsDBNull(8) ? null : reader.GetString(8),
        };
}
