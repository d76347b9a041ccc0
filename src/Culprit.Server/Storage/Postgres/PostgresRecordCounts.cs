using System.Data;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>How many records of each series there are in each minute, written with the records and gone with their partition.</summary>
internal sealed class PostgresRecordCounts
{
    public const long Minute = 60 * UnixNanos.PerSecond;

    private const string Upsert = """
        INSERT INTO record_counts AS c (partition, minute, pattern, kind, severity, service, environment, type, records, weight)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
        ON CONFLICT (minute, service, severity, pattern, environment, kind, type, partition)
        DO UPDATE SET records = c.records + excluded.records, weight = c.weight + excluded.weight
        """;

    private const string SpanOfPatterns = "SELECT min(minute), max(minute) FROM record_counts WHERE pattern = ANY($1)";

    private readonly Dictionary<(string Partition, long Minute, int Series), (long Records, long Weight)> _sums = [];
    private SeriesTable _series = new();

    /// <summary>The number of the minute that a time is in.</summary>
    public static long MinuteOf(long nanos) => (nanos / Minute) - (nanos % Minute < 0 ? 1 : 0);

    /// <summary>The start of a minute; the first of all time begins before the earliest time that can be written down.</summary>
    public static long StartOf(long minute) => (long)Int128.Max((Int128)minute * Minute, long.MinValue);

    /// <summary>Whether whole minutes of whole series make up the answer.</summary>
    public static bool CanAnswer(CountQuery query) =>
        query.IntervalNanos % Minute == 0
        && (query.Where.FromNanos == long.MinValue || query.Where.FromNanos % Minute == 0)
        && (query.Where.ToNanos == long.MaxValue || query.Where.ToNanos % Minute == 0)
        && string.IsNullOrEmpty(query.Where.Text)
        && query.Where is { TraceId: null, CorrelationId: null, WithoutDuplicates: false, After: null };

    /// <summary>Adds what is stored to a count; up to which sequence that is.</summary>
    public static async Task<long> AddToAsync(
        PostgresDatabase database, string consumer, CountGroups groups, CancellationToken cancellationToken)
    {
        var query = groups.Query;
        var sql = RecordSql.CountMinutes(query);
        var (stored, rows) = await database.ReadAsync(
            async connection =>
            {
                await using var moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
                return (
                    await PostgresPositions.GetAsync(connection, consumer, cancellationToken).ConfigureAwait(false),
                    await Sql.ListAsync(connection, sql.Text, sql.Values, CountedSpan.Read, cancellationToken).ConfigureAwait(false));
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            groups.AddFound(row.Series, query.IntervalNanos == 0 ? query.Where.FromNanos : StartOf(row.Span), row.Records, row.Weight);
        }

        return stored;
    }

    /// <summary>The same question in the time in which its patterns occur: records have no index of patterns.</summary>
    public static async Task<RecordQuery> NarrowAsync(NpgsqlConnection connection, RecordQuery query, CancellationToken cancellationToken)
    {
        if (query.Patterns is not { } patterns)
        {
            return query;
        }

        var (first, last) = (await Sql.ListAsync(
            connection,
            SpanOfPatterns,
            [patterns.Select(p => unchecked((long)p.Value)).ToArray()],
            r => r.IsDBNull(0) ? ((long, long)?)null : (r.GetInt64(0), r.GetInt64(1)),
            cancellationToken).ConfigureAwait(false))[0] ?? (long.MaxValue, long.MinValue);
        if (first > last)
        {
            return query with { FromNanos = 0, ToNanos = 0 };
        }

        return query with
        {
            FromNanos = Math.Max(query.FromNanos, StartOf(first)),
            ToNanos = (long)Int128.Min(query.ToNanos, ((Int128)last + 1) * Minute),
        };
    }

    /// <summary>Forgets what was counted.</summary>
    public void Clear()
    {
        _sums.Clear();
        _series = new SeriesTable();
    }

    public void Add(string partition, TailEntry entry, int index)
    {
        var record = entry.Batch[index];
        var key = (partition, MinuteOf(record.TimestampNanos), _series.NumberOf(record, entry.Pattern(index)));
        var sum = _sums.GetValueOrDefault(key);
        _sums[key] = (sum.Records + 1, sum.Weight + record.Weight);
    }

    /// <summary>Adds what was counted to what is there.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // In the order of the key, which keeps the pages together.
        var rows = _sums.OrderBy(s => s.Key.Minute).ThenBy(s => s.Key.Series).ToArray();
        var series = rows.Select(r => _series[r.Key.Series]).ToArray();
        await Sql.ExecuteAsync(
            connection,
            Upsert,
            [
                rows.Select(r => r.Key.Partition).ToArray(),
                rows.Select(r => r.Key.Minute).ToArray(),
                series.Select(s => unchecked((long)s.Pattern.Value)).ToArray(),
                series.Select(s => (short)s.Kind).ToArray(),
                series.Select(s => (short)s.Severity).ToArray(),
                series.Select(s => PostgresText.Encode(s.Service)).ToArray(),
                series.Select(s => PostgresText.Encode(s.Environment)).ToArray(),
                series.Select(s => s.Kind == EventKind.Custom ? PostgresText.Encode(s.Type) : string.Empty).ToArray(),
                rows.Select(r => r.Value.Records).ToArray(),
                rows.Select(r => r.Value.Weight).ToArray(),
            ],
            cancellationToken).ConfigureAwait(false);
    }
}
