using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>How far each consumer of the journal has come; written in the transaction of what it stored.</summary>
internal static class PostgresPositions
{
    private const string Select = "SELECT sequence FROM positions WHERE consumer = $1";

    private const string Newest = "SELECT coalesce(max(sequence), 0) FROM positions";

    private const string Upsert = """
        INSERT INTO positions (consumer, sequence) VALUES ($1, $2)
        ON CONFLICT (consumer) DO UPDATE SET sequence = greatest(positions.sequence, excluded.sequence)
        """;

    /// <summary>0 when the consumer has stored nothing yet.</summary>
    public static async Task<long> GetAsync(NpgsqlConnection connection, string consumer, CancellationToken cancellationToken) =>
        await Sql.ScalarAsync(connection, Select, [consumer], cancellationToken).ConfigureAwait(false) is long sequence ? sequence : 0;

    /// <summary>Where the farthest consumer is; 0 when there is none.</summary>
    public static async Task<long> NewestAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (long)(await Sql.ScalarAsync(connection, Newest, [], cancellationToken).ConfigureAwait(false))!;

    /// <summary>Moves the position forward, never back.</summary>
    public static Task AdvanceAsync(NpgsqlConnection connection, string consumer, long sequence, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Upsert, [consumer, sequence], cancellationToken);
}
