using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>How far each consumer of the journal has come; written in the transaction of what it stored.</summary>
internal static class PositionTable
{
    private const string Select = "SELECT sequence FROM positions WHERE consumer = $consumer";

    private const string Upsert = """
        INSERT INTO positions (consumer, sequence) VALUES ($consumer, $sequence)
        ON CONFLICT (consumer) DO UPDATE SET sequence = max(sequence, excluded.sequence)
        """;

    /// <summary>0 when the consumer has stored nothing yet.</summary>
    public static long Get(SqliteConnection connection, string consumer)
    {
        using var command = StateDatabase.Command(connection, Select, ("$consumer", consumer));
        return command.ExecuteScalar() is long sequence ? sequence : 0;
    }

    /// <summary>Moves the position forward, never back.</summary>
    public static void Advance(SqliteConnection connection, string consumer, long sequence)
    {
        using var command = StateDatabase.Command(connection, Upsert, ("$consumer", consumer), ("$sequence", sequence));
        command.ExecuteNonQuery();
    }
}
