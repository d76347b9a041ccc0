using System.Globalization;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Questions to segments as DuckDB's SQL. Whatever comes from outside travels as a parameter.</summary>
internal sealed class SegmentSql
{
    private const string Columns = """
        sequence, epoch_us(timestamp), nanos, kind, type, level, service, environment, source, body, attributes,
        trace_id, span_id, id, correlation_id, causation_id, flags, pattern, duplicate_of, coalesce(weight, 1)
        """;

    // What a union of sources brings together; older files need not have their columns in this order.
    private const string Stored = """
        sequence, timestamp, nanos, kind, type, level, service, environment, source, body, attributes,
        trace_id, span_id, id, correlation_id, causation_id, flags, pattern, duplicate_of, weight
        """;

    private const string ReadEverything = """
        max(hash(sequence, timestamp, nanos, kind, type, level, service, environment, source, body, attributes,
            trace_id, span_id, id, correlation_id, causation_id, flags, pattern, duplicate_of, weight))
        """;

    // Adds the columns that older files lack, and no row.
    private const string NewerColumns = "UNION ALL BY NAME SELECT 1::USMALLINT AS weight WHERE false";

    // Longer texts would make the regular expression slow to build; they are compared in a second, slower way.
    private const int MaxRegexRunes = 256;

    // Shorter ones are in nearly every message.
    private const int MinFixed = 3;

    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";

    private static readonly char[] Letters = [.. Upper, .. Lower];

    private readonly StringBuilder _sql = new();
    private readonly List<object> _values = [];

    private SegmentSql()
    {
    }

    public string Text => _sql.ToString();

    /// <summary>Values of <c>$1</c>, <c>$2</c> and so on.</summary>
    public IReadOnlyList<object> Values => _values;

    public static SegmentSql Find(IReadOnlyList<SegmentFiles> files, RecordQuery query)
    {
        var sql = new SegmentSql();
        sql.AppendTimes(query);
        sql.AppendFields(query);
        var direction = query.OldestFirst ? "ASC" : "DESC";
        return sql.Select(Columns, files, string.Create(
            CultureInfo.InvariantCulture,
            $" ORDER BY timestamp {direction}, nanos {direction}, sequence {direction} LIMIT {query.Limit}"));
    }

    /// <summary>The newest record with a sender's id.</summary>
    public static SegmentSql FindById(IReadOnlyList<SegmentFiles> files, string id)
    {
        var sql = new SegmentSql();
        sql.And($"id = {sql.Bind(id)}");
        return sql.Select(Columns, files, " ORDER BY sequence DESC LIMIT 1");
    }

    public static SegmentSql FindBySequence(IReadOnlyList<SegmentFiles> files, long sequence)
    {
        var sql = new SegmentSql();
        sql.And($"sequence = {sql.Bind(sequence)}");
        return sql.Select(Columns, files, "");
    }

    /// <summary>One row for each group of a count: start of the span in microseconds, what is counted by, records, what they stand for.</summary>
    public static SegmentSql Count(IReadOnlyList<SegmentFiles> files, CountQuery query)
    {
        var sql = new SegmentSql();
        sql.AppendTimes(query.Where);
        sql.AppendFields(query.Where);
        var interval = query.IntervalNanos / 1000;
        var span = interval == 0
            ? "0::BIGINT"
            : string.Create(
                CultureInfo.InvariantCulture, $"epoch_us(timestamp) - ((epoch_us(timestamp) % {interval} + {interval}) % {interval})");
        return sql.Select(
            $"""
            {span}, {Column(CountBy.Service, "service", "''")}, {Column(CountBy.Environment, "environment", "''")},
            {Column(CountBy.Level, "level", "''")}, {Column(CountBy.Type, "kind", "''")}, {Column(CountBy.Type, "coalesce(type, '')", "''")},
            {Column(CountBy.Pattern, "pattern", "0::UBIGINT")}, count(*), sum(coalesce(weight, 1))::BIGINT
            """,
            files,
            string.Create(CultureInfo.InvariantCulture, $" GROUP BY ALL LIMIT {CountQuery.MaxGroups + 1}"));

        string Column(CountBy by, string column, string otherwise) => query.By.HasFlag(by) ? column : otherwise;
    }

    /// <summary>Decodes every value of a file and depends on nothing else, so it fails only when the file is unreadable.</summary>
    public static SegmentSql Probe(IReadOnlyList<SegmentFiles> files) => new SegmentSql().Select(ReadEverything, files, "");

    /// <summary>Puts the conditions that were collected behind every source.</summary>
    private SegmentSql Select(string what, IReadOnlyList<SegmentFiles> files, string rest)
    {
        var conditions = _sql.ToString();
        _sql.Clear().Append("SELECT ").Append(what).Append(" FROM ");
        if (files.Count > 1)
        {
            _sql.Append('(');
        }

        for (var f = 0; f < files.Count; f++)
        {
            _sql.Append(f == 0 ? "" : " UNION ALL ").Append(files.Count > 1 ? $"SELECT {Stored} FROM " : "");
            AppendSource(files[f]);
            _sql.Append(conditions);
        }

        _sql.Append(files.Count > 1 ? ")" : "").Append(rest);
        return this;
    }

    private void AppendSource(SegmentFiles files)
    {
        // A data folder may be called "service=x"; that must not become the column's value.
        var list = string.Join(", ", files.Paths.Select(Bind));
        _sql.Append(files.HaveAllColumns
            ? $"read_parquet([{list}], hive_partitioning = false) WHERE true"
            : $"(SELECT * FROM read_parquet([{list}], hive_partitioning = false, union_by_name = true) {NewerColumns}) WHERE true");
        if (files.Micros is { } micros)
        {
            And($"timestamp >= make_timestamptz({Bind(micros.Min)})");
            And($"timestamp <= make_timestamptz({Bind(micros.Max)})");
        }
    }

    // The file holds microseconds, on which DuckDB prunes, and the nanoseconds beyond them.
    private void AppendTimes(RecordQuery query)
    {
        if (query.FromNanos != long.MinValue)
        {
            AppendBound(query.FromNanos, ">", orEqual: true);
        }

        if (query.ToNanos != long.MaxValue)
        {
            AppendBound(query.ToNanos, "<", orEqual: false);
        }

        if (query.After is { } after)
        {
            var (sign, micros, nanos) = (query.OldestFirst ? ">" : "<", BindTime(after.TimestampNanos), BindNanos(after.TimestampNanos));
            And($"timestamp {sign}= {micros}");
            And($"(timestamp {sign} {micros} OR nanos {sign} {nanos} OR (nanos = {nanos} AND sequence {sign} {Bind(after.Sequence)}))");
        }
    }

    private void AppendBound(long bound, string sign, bool orEqual)
    {
        var micros = BindTime(bound);
        And($"timestamp {sign}= {micros}");
        And($"(timestamp {sign} {micros} OR nanos {sign}{(orEqual ? "=" : "")} {BindNanos(bound)})");
    }

    private void AppendFields(RecordQuery query)
    {
        AppendEquals("service", query.Service);
        AppendEquals("environment", query.Environment);
        AppendEquals("trace_id", query.TraceId);
        AppendEquals("correlation_id", query.CorrelationId);
        if (query.Levels is not null)
        {
            And(In("level", query.Levels.Select(l => l.ToWire())));
        }

        if (query.Types is not null)
        {
            var types = new TypeSelection(query.Types);
            And($"({In("kind", types.Kinds.Select(SegmentKinds.ToWord))} OR (kind = 'custom' AND {In("coalesce(type, '')", types.Names)}))");
        }

        if (query.Patterns is { } patterns)
        {
            And($"pattern IN ({string.Join(", ", patterns.Select(p => Bind(p.Value)))})");
        }

        if (query.WithoutDuplicates)
        {
            And("duplicate_of IS NULL");
        }

        if (!string.IsNullOrEmpty(query.Text))
        {
            AppendText(query.Text);
        }
    }

    // DuckDB's own case-insensitive matching folds Unicode; ours must agree with TextMatcher, which does not.
    private void AppendText(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        if (!runes.Any(IsLetter))
        {
            And($"contains(body, {Bind(text)})");
            return;
        }

        // What has no letters must be there as it is: looking for that first spares most rows the expression.
        if (LongestWithoutLetters(text) is { Length: >= MinFixed } run)
        {
            And($"contains(body, {Bind(run)})");
        }

        var regex = new StringBuilder();
        foreach (var rune in runes.Take(MaxRegexRunes))
        {
            if (IsLetter(rune))
            {
                regex.Append('[').Append(char.ToUpperInvariant((char)rune.Value))
                    .Append(char.ToLowerInvariant((char)rune.Value)).Append(']');
            }
            else
            {
                regex.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:x}}}");
            }
        }

        And($"regexp_matches(body, {Bind(regex.ToString())})");
        if (runes.Length > MaxRegexRunes)
        {
            And($"contains(translate(body, '{Upper}', '{Lower}'), translate({Bind(text)}, '{Upper}', '{Lower}'))");
        }
    }

    private static bool IsLetter(Rune rune) => rune.IsAscii && char.IsAsciiLetter((char)rune.Value);

    private static string LongestWithoutLetters(string text) => text.Split(Letters).MaxBy(part => part.Length)!;

    private void AppendEquals(string column, string? value)
    {
        if (value is not null)
        {
            And($"{column} = {Bind(value)}");
        }
    }

    private string In(string column, IEnumerable<string> values)
    {
        var names = values.Select(Bind).ToArray();
        return names.Length == 0 ? "false" : $"{column} IN ({string.Join(", ", names)})";
    }

    private void And(string condition) => _sql.Append(" AND ").Append(condition);

    private string BindTime(long nanos) => $"make_timestamptz({Bind(SegmentRows.FloorMicros(nanos))})";

    private string BindNanos(long nanos) => Bind((int)(nanos - unchecked(SegmentRows.FloorMicros(nanos) * 1000)));

    private string Bind(string text)
    {
        // The driver ends a text at its first NUL, which would look for something else; bytes are passed whole.
        // The detour through UTF-8 also makes broken surrogates what they are in the file.
        var utf8 = Encoding.UTF8.GetBytes(text);
        return utf8.AsSpan().Contains((byte)0) ? $"decode({Bind((object)utf8)})" : Bind((object)Encoding.UTF8.GetString(utf8));
    }

    private string Bind(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }
}
