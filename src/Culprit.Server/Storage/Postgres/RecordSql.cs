using System.Globalization;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Questions about records as SQL. Whatever comes from outside travels as a parameter.</summary>
/// <param name="appliedSequence">What came later is in memory, even if the database has it by now.</param>
internal sealed class RecordSql(long appliedSequence)
{
    /// <summary>In the order in which <see cref="RecordRow.Read"/> takes them.</summary>
    private const string Columns = """
        sequence, nanos, kind, type, severity, flags, weight, service, environment, source, body, attributes,
        trace_id, span_id, id, correlation_id, causation_id, pattern, duplicate_of
        """;

    private const string Micros = "(nanos / 1000 - CASE WHEN nanos % 1000 < 0 THEN 1 ELSE 0 END)";

    private readonly StringBuilder _where = new();
    private readonly List<object?> _values = [];

    public string Text { get; private set; } = string.Empty;

    /// <summary>Values of <c>$1</c>, <c>$2</c> and so on.</summary>
    public object?[] Values => [.. _values];

    /// <summary>A text as it is looked for: ASCII letters small, the rest byte for byte, as <c>lower</c> has it in collation C.</summary>
    public static string Folded(string text) => PostgresText.Encode(
        string.Create(text.Length, text, (folded, t) =>
        {
            for (var i = 0; i < t.Length; i++)
            {
                folded[i] = char.IsAsciiLetterUpper(t[i]) ? (char)(t[i] | 0x20) : t[i];
            }
        }));

    public static RecordSql Find(RecordQuery query, long appliedSequence)
    {
        var sql = new RecordSql(appliedSequence);
        sql.AppendTimes(query);
        sql.AppendFields(query);
        var direction = query.OldestFirst ? "ASC" : "DESC";

        // An exact id has few records: found by its index and then sorted, never looked for along the index of times.
        var time = query.TraceId is null && query.CorrelationId is null ? "nanos" : "nanos + 0";
        return sql.Select(Columns, string.Create(
            CultureInfo.InvariantCulture, $" ORDER BY {time} {direction}, sequence {direction} LIMIT {query.Limit}"));
    }

    /// <summary>The newest record with a sender's id.</summary>
    public static RecordSql FindById(string id, long appliedSequence)
    {
        var sql = new RecordSql(appliedSequence);
        sql.And($"id = {sql.Bind(id)}");
        return sql.Select(Columns, " ORDER BY sequence DESC LIMIT 1");
    }

    public static RecordSql FindBySequence(long sequence, long appliedSequence)
    {
        var sql = new RecordSql(appliedSequence);
        sql.And($"sequence = {sql.Bind(sequence)}");
        return sql.Select(Columns, string.Empty);
    }

    /// <summary>Every record of a partition from <c>$1</c> to <c>$2</c>, both inclusive, in any order.</summary>
    public static string AllBetween(string partition) => $"SELECT {Columns} FROM {partition} WHERE sequence BETWEEN $1 AND $2";

    /// <summary>One row for each group of a count of rows: start of the span in microseconds, what is counted by, records, what they stand for.</summary>
    public static RecordSql Count(CountQuery query, long appliedSequence)
    {
        var sql = new RecordSql(appliedSequence);
        sql.AppendTimes(query.Where);
        sql.AppendFields(query.Where);
        var interval = query.IntervalNanos / 1000;
        var span = interval == 0
            ? "0::bigint"
            : string.Create(CultureInfo.InvariantCulture, $"{Micros} - (({Micros} % {interval} + {interval}) % {interval})");
        return sql.Select(
            $"""
            {span} AS span, {Column(CountBy.Service, "service", "''")}, {Column(CountBy.Environment, "environment", "''")},
            {Column(CountBy.Level, "severity", "0::smallint")}, {Column(CountBy.Type, "kind", "0::smallint")},
            {Column(CountBy.Type, "coalesce(type, '')", "''")}, {Column(CountBy.Pattern, "pattern", "0::bigint")},
            count(*), sum(weight)::bigint
            """,
            string.Create(CultureInfo.InvariantCulture, $" GROUP BY 1, 2, 3, 4, 5, 6, 7 LIMIT {CountQuery.MaxGroups + 1}"));

        string Column(CountBy by, string column, string otherwise) => query.By.HasFlag(by) ? column : otherwise;
    }

    /// <summary>The same from the counts of minutes; their start is a minute's number.</summary>
    /// <remarks>Only what <see cref="PostgresRecordCounts.CanAnswer"/> says.</remarks>
    public static RecordSql CountMinutes(CountQuery query)
    {
        var sql = new RecordSql(long.MaxValue);
        var where = query.Where;
        if (where.FromNanos != long.MinValue)
        {
            sql.And($"minute >= {sql.Bind(PostgresRecordCounts.MinuteOf(where.FromNanos))}");
        }

        if (where.ToNanos != long.MaxValue)
        {
            sql.And($"minute < {sql.Bind(PostgresRecordCounts.MinuteOf(where.ToNanos))}");
        }

        sql.AppendFields(where, "type");
        var minutes = query.IntervalNanos / PostgresRecordCounts.Minute;
        var span = minutes == 0
            ? "0::bigint"
            : string.Create(CultureInfo.InvariantCulture, $"minute - ((minute % {minutes} + {minutes}) % {minutes})");
        sql.Text = $"""
            SELECT {span} AS span, {Column(CountBy.Service, "service", "''")}, {Column(CountBy.Environment, "environment", "''")},
            {Column(CountBy.Level, "severity", "0::smallint")}, {Column(CountBy.Type, "kind", "0::smallint")},
            {Column(CountBy.Type, "type", "''")}, {Column(CountBy.Pattern, "pattern", "0::bigint")},
            sum(records)::bigint, sum(weight)::bigint FROM record_counts WHERE true{sql._where}
            GROUP BY 1, 2, 3, 4, 5, 6, 7
            """ + string.Create(CultureInfo.InvariantCulture, $" LIMIT {CountQuery.MaxGroups + 1}");
        return sql;

        string Column(CountBy by, string column, string otherwise) => query.By.HasFlag(by) ? column : otherwise;
    }

    private RecordSql Select(string what, string rest)
    {
        And($"sequence <= {Bind(appliedSequence)}");
        Text = $"SELECT {what} FROM records WHERE true{_where}{rest}";
        return this;
    }

    private void AppendTimes(RecordQuery query)
    {
        if (query.FromNanos != long.MinValue)
        {
            And($"nanos >= {Bind(query.FromNanos)}");
        }

        if (query.ToNanos != long.MaxValue)
        {
            And($"nanos < {Bind(query.ToNanos)}");
        }

        if (query.After is { } after)
        {
            And($"(nanos, sequence) {(query.OldestFirst ? '>' : '<')} ({Bind(after.TimestampNanos)}, {Bind(after.Sequence)})");
        }
    }

    private void AppendFields(RecordQuery query, string type = "coalesce(type, '')")
    {
        AppendEquals("service", query.Service);
        AppendEquals("environment", query.Environment);
        AppendEquals("trace_id", query.TraceId);
        AppendEquals("correlation_id", query.CorrelationId);
        if (query.Levels is not null)
        {
            And($"severity = ANY({Bind(query.Levels.Select(l => (short)l).ToArray())})");
        }

        if (query.Types is not null)
        {
            var types = new TypeSelection(query.Types);
            var kinds = Bind(types.Kinds.Select(k => (short)k).ToArray());
            And($"(kind = ANY({kinds}) OR (kind = {(int)EventKind.Custom} AND {type} = ANY({Bind(types.Names.Select(PostgresText.Encode).ToArray())})))");
        }

        if (query.Patterns is { } patterns)
        {
            And($"pattern = ANY({Bind(patterns.Select(p => unchecked((long)p.Value)).ToArray())})");
        }

        if (query.WithoutDuplicates)
        {
            And("duplicate_of IS NULL");
        }

        if (!string.IsNullOrEmpty(query.Text))
        {
            And($"strpos(lower(body), {Bind((object)Folded(query.Text))}) > 0");
        }
    }

    // What a record has none of is NULL, which equals nothing.
    private void AppendEquals(string column, string? value)
    {
        if (value is not null)
        {
            And($"{column} = {Bind(value)}");
        }
    }

    private void And(string condition) => _where.Append(" AND ").Append(condition);

    private string Bind(string text) => Bind((object)PostgresText.Encode(text));

    private string Bind(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }
}
