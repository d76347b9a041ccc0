using Culprit.Server.Storage.Postgres;
using Npgsql;

namespace Culprit.Server.HighAvailability;

/// <summary>One row of the shared log: entries that one server shipped together.</summary>
internal sealed record SharedLogRow(long First, long Last, ulong Server, ReadOnlyMemory<byte> Frames);

/// <summary>The log in the database to which servers append in turn, and that the active one reads as its journal.</summary>
/// <remarks>Whoever appends holds the row of the head until its end: sequences become visible in order, without gaps.</remarks>
internal sealed class SharedLogTable(PostgresDatabase database)
{
    /// <summary>Rows that are read at once; a row has 2 MiB, or one batch that is larger.</summary>
    private const int RowsAtOnce = 8;

    private const int TrimmedAtOnce = 256;

    private const string MakeHead = "INSERT INTO shared_log_head (journal, last) VALUES ($1, $2) ON CONFLICT (one) DO NOTHING";

    private const string RaiseHead = "UPDATE shared_log_head SET last = greatest(last, $1) RETURNING journal, last";

    private const string LockHead = "SELECT last FROM shared_log_head FOR UPDATE";

    private const string SetHead = "UPDATE shared_log_head SET last = $1";

    private const string Insert = """
        INSERT INTO shared_log (first_sequence, last_sequence, server, bytes, frames) VALUES ($1, $2, $3, $4, $5)
        """;

    private const string Read = """
        SELECT first_sequence, last_sequence, server, frames FROM shared_log
        WHERE first_sequence >= coalesce((SELECT max(first_sequence) FROM shared_log WHERE first_sequence <= $1), 0) AND last_sequence > $1 AND server <> $2
        ORDER BY first_sequence LIMIT $3
        """;

    // Rows of the last minutes, but not more than so many bytes: where the oldest of them begins.
    private const string FindRecent = """
        SELECT min(first_sequence) - 1 FROM (
            SELECT first_sequence, shipped_at, sum(bytes) OVER (ORDER BY first_sequence DESC) AS newer FROM shared_log) AS r
        WHERE shipped_at > now() - $1 AND newer <= $2
        """;

    private const string Last = "SELECT last FROM shared_log_head";

    private const string Size = "SELECT coalesce(sum(bytes), 0)::bigint FROM shared_log";

    private const string Trim = """
        DELETE FROM shared_log WHERE first_sequence IN (
            SELECT first_sequence FROM shared_log WHERE last_sequence <= $1 ORDER BY first_sequence LIMIT $2)
        """;

    private const string HasAfter = "SELECT EXISTS (SELECT 1 FROM shared_log WHERE last_sequence > $1)";

    private const string Shipped = "SELECT shipped FROM log_shippers WHERE server = $1";

    private const string Beat = """
        INSERT INTO log_shippers (server, name, shipped, lag_ms, beats, seen_at) VALUES ($1, $2, $3, $4, 1, now())
        ON CONFLICT (server) DO UPDATE SET name = excluded.name, shipped = greatest(log_shippers.shipped, excluded.shipped),
            lag_ms = excluded.lag_ms, beats = log_shippers.beats + 1, seen_at = now()
        """;

    // One that has not been seen for a week will not come back under this id.
    private const string Peers = "SELECT server, lag_ms, beats FROM log_shippers WHERE server <> $1 AND seen_at > now() - interval '7 days'";

    /// <summary>Makes the log if there is none; its journal id, and the newest sequence that was ever given.</summary>
    /// <param name="journal">The id of a new log.</param>
    /// <param name="knownSequence">Numbers go on above it.</param>
    public Task<(ulong Journal, long Last)> OpenAsync(ulong journal, long knownSequence, CancellationToken cancellationToken) => database.ShareAsync(
        async connection =>
        {
            await Sql.ExecuteAsync(connection, MakeHead, [unchecked((long)journal), knownSequence], cancellationToken).ConfigureAwait(false);
            return (await Sql.ListAsync(
                connection, RaiseHead, [knownSequence], r => (unchecked((ulong)r.GetInt64(0)), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))[0];
        },
        cancellationToken);

    /// <summary>True when there is something that a journal of another kind would lack.</summary>
    public static async Task<bool> HasAfterAsync(PostgresDatabase database, long sequence, CancellationToken cancellationToken) =>
        await database.ReadAsync(c => Sql.ScalarAsync(c, HasAfter, [sequence], cancellationToken), cancellationToken).ConfigureAwait(false) is true;

    /// <summary>The next rows with entries after a sequence.</summary>
    /// <param name="notOf">A server whose rows are left out; 0 for none.</param>
    public Task<List<SharedLogRow>> ReadAsync(long after, ulong notOf, CancellationToken cancellationToken) =>
        database.ReadAsync(c => ReadAsync(c, after, notOf, cancellationToken), cancellationToken);

    public static Task<List<SharedLogRow>> ReadAsync(NpgsqlConnection connection, long after, ulong notOf, CancellationToken cancellationToken) => Sql.ListAsync(
        connection,
        Read,
        [after, unchecked((long)notOf), RowsAtOnce],
        r => new SharedLogRow(r.GetInt64(0), r.GetInt64(1), unchecked((ulong)r.GetInt64(2)), r.GetFieldValue<byte[]>(3)),
        cancellationToken);

    /// <summary>Where to begin so as to see what was shipped of late; null when that is nothing.</summary>
    public async Task<long?> FindRecentAsync(TimeSpan age, long maxBytes, CancellationToken cancellationToken) =>
        await database.ReadAsync(c => Sql.ScalarAsync(c, FindRecent, [age, maxBytes], cancellationToken), cancellationToken).ConfigureAwait(false) as long?;

    public async Task<long> LastAsync(CancellationToken cancellationToken) =>
        (long)(await database.ReadAsync(c => Sql.ScalarAsync(c, Last, [], cancellationToken), cancellationToken).ConfigureAwait(false))!;

    public async Task<long> SizeAsync(CancellationToken cancellationToken) =>
        (long)(await database.ReadAsync(c => Sql.ScalarAsync(c, Size, [], cancellationToken), cancellationToken).ConfigureAwait(false))!;

    /// <summary>Deletes rows that lie wholly at or below a sequence. Only the active server may: it is fenced.</summary>
    public async Task TrimAsync(long throughSequence, CancellationToken cancellationToken)
    {
        while (await database.WriteBesideAsync(
            c => Sql.ExecuteAsync(c, Trim, [throughSequence, TrimmedAtOnce], cancellationToken), cancellationToken).ConfigureAwait(false) == TrimmedAtOnce)
        {
        }
    }

    /// <summary>Up to where a server has shipped its own entries.</summary>
    public Task<long> ShippedAsync(ulong server, CancellationToken cancellationToken) =>
        database.ReadAsync(c => ShippedAsync(c, server, cancellationToken), cancellationToken);

    public static async Task<long> ShippedAsync(NpgsqlConnection connection, ulong server, CancellationToken cancellationToken) =>
        await Sql.ScalarAsync(connection, Shipped, [unchecked((long)server)], cancellationToken).ConfigureAwait(false) as long? ?? 0;

    /// <summary>Says that a server lives, and how far it is.</summary>
    public static Task BeatAsync(
        NpgsqlConnection connection, ulong server, string name, long shipped, TimeSpan lag, CancellationToken cancellationToken) => Sql.ExecuteAsync(
        connection, Beat, [unchecked((long)server), PostgresText.Encode(name), shipped, (long)lag.TotalMilliseconds], cancellationToken);

    public static Task<List<PeerLag>> PeersAsync(NpgsqlConnection connection, ulong server, CancellationToken cancellationToken) => Sql.ListAsync(
        connection,
        Peers,
        [unchecked((long)server)],
        r => new PeerLag(r.GetInt64(0), TimeSpan.FromMilliseconds(r.GetInt64(1)), r.GetInt64(2)),
        cancellationToken);

    /// <summary>Nobody else appends until the end of the transaction; the newest sequence.</summary>
    public static async Task<long> LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (long)(await Sql.ScalarAsync(connection, LockHead, [], cancellationToken).ConfigureAwait(false))!;

    public static async Task AppendAsync(NpgsqlConnection connection, SharedLogRow row, CancellationToken cancellationToken)
    {
        await Sql.ExecuteAsync(
            connection,
            Insert,
            [row.First, row.Last, unchecked((long)row.Server), row.Frames.Length, row.Frames],
            cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(connection, SetHead, [row.Last], cancellationToken).ConfigureAwait(false);
    }
}
