using System.Globalization;
using Culprit.Engine.Records;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The partitions of the records: found, made and dropped.</summary>
/// <param name="keepOf">How long a retention class is kept, by its number.</param>
internal sealed class PostgresPartitions(Func<int, TimeSpan> keepOf)
{
    private const string Select = """
        SELECT name, class, received_from, received_to, records, max_received FROM record_partitions ORDER BY received_from, class
        """;

    private const string Insert = """
        INSERT INTO record_partitions (name, class, received_from, received_to, records, max_received) VALUES ($1, $2, $3, $4, $5, $3)
        """;

    private const string Grow = """
        UPDATE record_partitions SET records = records + $2, max_received = greatest(max_received, $3) WHERE name = $1
        """;

    private const string Forget = """
        WITH counts AS (DELETE FROM record_counts WHERE partition = $1) DELETE FROM record_partitions WHERE name = $1
        """;

    private const string Sizes = """
        SELECT p.name, pg_total_relation_size(c.oid) FROM record_partitions p JOIN pg_class c ON c.relname = p.name
        WHERE c.relnamespace = 'culprit'::regnamespace
        """;

    // Partitions are attached while questions run: what waits longer than this goes to the default partition instead.
    private const string LockTimeout = "SET LOCAL lock_timeout = '2s'";

    // So that a class has some tens of partitions: each is looked into by a question without a time.
    private static readonly (TimeSpan Keep, TimeSpan Width)[] Widths =
    [
        (TimeSpan.FromDays(210), TimeSpan.FromDays(7)),
        (TimeSpan.FromDays(7), TimeSpan.FromDays(1)),
        (TimeSpan.FromDays(2), TimeSpan.FromHours(6)),
        (TimeSpan.FromHours(8), TimeSpan.FromHours(1)),
        (TimeSpan.Zero, TimeSpan.FromMinutes(10)),
    ];

    /// <summary>A partition of its span of arrival that does not overlap others, not made yet.</summary>
    public RecordPartition Plan(IReadOnlyList<RecordPartition> known, int retentionClass, long receivedNanos)
    {
        var width = UnixNanos.From(Widths.First(w => keepOf(retentionClass) >= w.Keep).Width);
        var from = Align(receivedNanos, width);
        var to = from > long.MaxValue - width ? long.MaxValue : from + width;

        // The configuration may have changed since the others were made.
        foreach (var other in known.Where(p => p.Class == retentionClass))
        {
            from = other.To <= receivedNanos ? Math.Max(from, other.To) : from;
            to = other.From > receivedNanos ? Math.Min(to, other.From) : to;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"records_{retentionClass}_{(from < 0 ? "m" : "")}{Math.Abs((decimal)from):0}");
        return new RecordPartition(name, retentionClass, from, to, 0, from);
    }

    public static async Task<IReadOnlyList<RecordPartition>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await Sql.ListAsync(
            connection,
            Select,
            [],
            r => new RecordPartition(r.GetString(0), r.GetInt16(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5)),
            cancellationToken).ConfigureAwait(false);

    /// <summary>Bytes of each partition with its indexes.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> SizesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Sql.ListAsync(connection, Sizes, [], r => (Name: r.GetString(0), Bytes: r.GetInt64(1)), cancellationToken).ConfigureAwait(false))
            .ToDictionary(p => p.Name, p => p.Bytes, StringComparer.Ordinal);

    /// <summary>Makes a partition, and moves to it what went to the default partition in its place. In a transaction.</summary>
    /// <remarks>
    /// It is made apart and then attached: so questions to the other partitions go on. The check says what is in it, which
    /// spares the database to look.
    /// </remarks>
    public static async Task MakeAsync(NpgsqlConnection connection, RecordPartition partition, CancellationToken cancellationToken)
    {
        var name = partition.Name;
        var (from, to) = (partition.From, partition.To);
        var range = string.Create(
            CultureInfo.InvariantCulture, $"class = {partition.Class} AND received >= ({from}) AND received < ({to})");
        await Sql.ExecuteAsync(connection, LockTimeout, [], cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(
            connection,
            $"CREATE TABLE {name} (LIKE records INCLUDING DEFAULTS INCLUDING INDEXES, CONSTRAINT in_range CHECK ({range}))",
            [],
            cancellationToken).ConfigureAwait(false);
        var moved = await Sql.ExecuteAsync(
            connection,
            $"WITH moved AS (DELETE FROM records_default WHERE {range} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            [],
            cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(
            connection,
            string.Create(
                CultureInfo.InvariantCulture,
                $"ALTER TABLE records ATTACH PARTITION {name} FOR VALUES FROM ({partition.Class}, {from}) TO ({partition.Class}, {to})"),
            [],
            cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(connection, $"ALTER TABLE {name} DROP CONSTRAINT in_range", [], cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(connection, Insert, [name, (short)partition.Class, from, to, (long)moved], cancellationToken).ConfigureAwait(false);
        if (moved > 0)
        {
            await Sql.ExecuteAsync(
                connection,
                "UPDATE record_partitions SET max_received = (SELECT max(received) FROM records WHERE class = $2 AND received >= $3 AND received < $4) WHERE name = $1",
                [name, (short)partition.Class, from, to],
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Counts what was written to a partition.</summary>
    public static Task GrowAsync(NpgsqlConnection connection, string name, long records, long maxReceived, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Grow, [name, records, maxReceived], cancellationToken);

    /// <summary>Drops a partition with its records and counts. In a transaction.</summary>
    public static async Task DropAsync(NpgsqlConnection connection, RecordPartition partition, CancellationToken cancellationToken)
    {
        await Sql.ExecuteAsync(connection, LockTimeout, [], cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(connection, $"DROP TABLE IF EXISTS {partition.Name}", [], cancellationToken).ConfigureAwait(false);
        await Sql.ExecuteAsync(connection, Forget, [partition.Name], cancellationToken).ConfigureAwait(false);
    }

    private static long Align(long nanos, long width) =>
        (long)Int128.Max(nanos - (Int128)(((nanos % width) + width) % width), long.MinValue);
}
