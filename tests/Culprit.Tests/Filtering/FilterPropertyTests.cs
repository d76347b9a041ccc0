using CsCheck;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Filtering;

public sealed class FilterPropertyTests
{
    private static readonly Gen<string> Words = Gen.OneOf(
        AnyOf("user-service", "t1", "a/b", "a\\b", "\"", "é\n", "x\u0001", "\ud800", "log.error", "and", "*"),
        Gen.String[1, 8]);

    private static readonly Gen<string> Fields = AnyOf(
        "service", "message", "trace_id", "id", "source", "context.duration_ms", "context.http.status_code", "context.\"user agent\"");

    private static readonly Gen<FieldOperator> Operators = Gen.Enum<FieldOperator>();

    private static readonly Gen<Filter> Leaves = Gen.OneOf(
        Gen.Select(Fields, Operators, Words, Filters.Field),
        Gen.Select(Operators, Gen.Double[-1e6, 1e6], (op, n) => Filters.Field("context.duration_ms", op, n)),
        Gen.Select(Operators, Gen.Enum<Severity>(), Filters.Level),
        Gen.Bool.Select(b => Filters.Field("context.ok", b)),
        Words.Array[1, 3].Select(w => Filters.Type(w)),
        Words.Array[1, 3].Select(w => Filters.Keyword(w)),
        Gen.Select(Fields, Words.Array[1, 3], (f, w) => Filters.In(f, w)),
        Gen.Select(Fields, Words, Filters.Contains),
        AnyOf("^user-", "a/b", "a\\/b", "[/]+", "\\d{1,3}\n", ".*-prod.*").Select(p => Filters.Matching("source", p)),
        AnyOf("^user-", "a/b", "a\\/b", "time(out|d)").Select(p => Filters.Matching("message", p)),
        Fields.Select(Filters.Has),
        Gen.Select(Gen.Double[0, 1], Fields, (s, f) => Filters.Sample(s, f)),
        Gen.Select(Gen.Long[1, 3], Gen.Int[1, 9000], Fields, (n, ms, f) => Filters.Rate(n, TimeSpan.FromMilliseconds(ms), f)),
        Gen.Select(Gen.Int[1, 9000], Fields, (ms, f) => Filters.Dedupe(TimeSpan.FromMilliseconds(ms), f)));

    private static readonly Gen<Filter> Trees = Gen.Recursive<Filter>((depth, inner) => depth >= 4
        ? Leaves
        : Gen.Frequency(
            (2, Leaves),
            (1, Gen.Select(inner, inner, (a, b) => a & b)),
            (1, Gen.Select(inner, inner, (a, b) => a | b)),
            (1, inner.Select(a => !a))));

    [Fact]
    public void ParsingTheCanonicalTextGivesTheSameFilter() => Trees.Sample(
        filter =>
        {
            var parse = FilterParser.Parse(filter.ToString());

            Assert.Null(parse.Error);
            Assert.Equal(filter.ToString(), parse.Filter!.ToString());
            Assert.Equal(Shape(filter), Shape(parse.Filter));
            Assert.Equal(RecordTable.Matching(filter), RecordTable.Matching(parse.Filter));
        },
        iter: 2000);

    [Fact]
    public void NegationTurnsEveryVerdictAround() => Trees.Sample(
        filter =>
        {
            var matching = RecordTable.Matching(filter);

            var others = RecordTable.Matching(!filter);

            Assert.Equal("abcdef", string.Concat((matching + others).Order()));
        },
        iter: 500);

    [Fact]
    public void ASnapshotBetweenTwoRecordsChangesNothing() => Gen.Select(Trees, Gen.Int[0, 12]).Sample(
        (filter, cut) =>
        {
            var records = RecordTable.Records.Concat(RecordTable.Records).Select(r => r.Record).ToList();
            var whole = new FilterContext(1, filter);
            var expected = records.Select(r => RecordTable.Matches(filter, whole, r)).ToList();

            var first = new FilterContext(1, filter);
            var verdicts = records.Take(cut).Select(r => RecordTable.Matches(filter, first, r)).ToList();
            var second = new FilterContext(1, filter);
            second.Restore(System.Text.Json.JsonSerializer.Deserialize<FilterState>(System.Text.Json.JsonSerializer.Serialize(first.ToState()))!);
            verdicts.AddRange(records.Skip(cut).Select(r => RecordTable.Matches(filter, second, r)));

            Assert.Equal(expected, verdicts);
        },
        iter: 500);

    private static string Shape(Filter filter) =>
        filter.Parts.Count == 0 ? filter.GetType().Name : $"{filter.GetType().Name}[{string.Join(',', filter.Parts.Select(Shape))}]";

    private static Gen<string> AnyOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
