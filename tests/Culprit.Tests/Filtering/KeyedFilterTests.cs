using Culprit.Engine.Filtering;
using Xunit;

namespace Culprit.Tests.Filtering;

public sealed class KeyedFilterTests
{
    [Fact]
    public void ADedupeWindowIsFixedFromTheFirstOccurrence() =>
        Assert.Equal([true, false, false, true, false, true], Verdicts(Filters.Dedupe(TimeSpan.FromSeconds(5)), 0, 2, 4.9, 5, 7, 10.1));

    [Fact]
    public void ALateRecordOpensNoDedupeWindow() =>
        Assert.Equal([true, true, false], Verdicts(Filters.Dedupe(TimeSpan.FromSeconds(5)), 20, 3, 24));

    [Fact]
    public void ARateWindowBeginsWithTheFirstRecordAfterTheLastOneEnded() => Assert.Equal(
        [true, true, false, false, true, true, false], Verdicts(Filters.Rate(2, TimeSpan.FromSeconds(1)), 0, 0.5, 0.9, 0.99, 1.5, 2.4, 2.4));

    [Fact]
    public void ARateIsKeptForEachKey()
    {
        var filter = Filters.Rate(1, TimeSpan.FromSeconds(1), "service");
        var context = new FilterContext(1, filter);

        var verdicts = new[] { "a", "b", "a", "b" }
            .Select(s => RecordTable.Matches(filter, context, new FilterRecord { Service = s })).ToList();

        Assert.Equal([true, true, false, false], verdicts);
    }

    [Fact]
    public void SamplingKeepsTheShareAndGivesOneTraceOneVerdict()
    {
        var filter = Filters.Sample(0.1, "trace_id");
        var context = new FilterContext(1, filter);
        var other = new FilterContext(2, filter);

        var kept = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var record = new FilterRecord { TraceId = $"trace-{i}" };
            var verdict = RecordTable.Matches(filter, context, record);
            Assert.Equal(verdict, RecordTable.Matches(filter, other, record with { Message = "another", Sequence = 99 }));
            kept += verdict ? 1 : 0;
        }

        Assert.InRange(kept, 1800, 2200);
    }

    [Fact]
    public void RecordsWithoutATraceAreSampledByTheirId()
    {
        var filter = Filters.Sample(0.5, "trace_id");
        var context = new FilterContext(1, filter);

        var kept = Enumerable.Range(0, 1000).Count(i => RecordTable.Matches(filter, context, new FilterRecord { Sequence = i }));

        Assert.InRange(kept, 400, 600);
    }

    [Fact]
    public void TheKeyNotUsedForLongestLeavesAndIsCounted()
    {
        var filter = Filters.Dedupe(TimeSpan.FromDays(1), "service");
        var context = new FilterContext(1, filter);
        for (var i = 0; i < KeyedFilter.MaxKeys; i++)
        {
            RecordTable.Matches(filter, context, new FilterRecord { Service = $"s{i}" });
        }

        RecordTable.Matches(filter, context, new FilterRecord { Service = "s0" });
        RecordTable.Matches(filter, context, new FilterRecord { Service = "one more" });

        Assert.Equal(1, context.ForgottenKeys);
        Assert.False(RecordTable.Matches(filter, context, new FilterRecord { Service = "s0" }));
        Assert.True(RecordTable.Matches(filter, context, new FilterRecord { Service = "s1" }));
    }

    [Fact]
    public void AChangedTermStartsAfreshAndTheOthersKeepTheirMemory()
    {
        var before = Filters.Rate(1, TimeSpan.FromHours(1)) & Filters.Dedupe(TimeSpan.FromHours(1), "service");
        var old = new FilterContext(1, before);
        RecordTable.Matches(before, old, new FilterRecord());
        var rate = Filters.Rate(1, TimeSpan.FromHours(2));
        var dedupe = Filters.Dedupe(TimeSpan.FromHours(1), "service");

        var context = new FilterContext(1, rate, dedupe);
        context.Restore(old.ToState());

        Assert.True(RecordTable.Matches(rate, context, new FilterRecord()));
        Assert.False(RecordTable.Matches(dedupe, context, new FilterRecord()));
    }

    [Fact]
    public void AContextOfAnotherFilterIsAMistakeOfTheCaller()
    {
        var filter = Filters.Rate(1, TimeSpan.FromSeconds(1));

        Assert.Throws<InvalidOperationException>(() => RecordTable.Matches(filter, new FilterContext(1), new FilterRecord()));
    }

    [Fact]
    public void ArgumentsThatTheTextWouldRefuseAreMistakesOfTheCaller()
    {
        Assert.Throws<ArgumentException>(() => Filters.Source("("));
        Assert.Throws<ArgumentException>(() => Filters.Field("servce", FieldOperator.Equal, "x"));
        Assert.Throws<ArgumentException>(() => Filters.Field("level", FieldOperator.Equal, "x"));
        Assert.Throws<ArgumentException>(() => Filters.Field("context.a", FieldOperator.Equal, double.NaN));
        Assert.Throws<ArgumentException>(() => Filters.Field("service", FieldOperator.Equal, 5));
        Assert.Throws<ArgumentException>(() => Filters.Rate(0, TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentException>(() => Filters.Dedupe(TimeSpan.FromTicks(1)));
        Assert.Throws<ArgumentException>(() => Filters.Sample(1.1));
        Assert.Throws<ArgumentException>(() => Filters.Type());
    }

    private static List<bool> Verdicts(Filter filter, params double[] seconds)
    {
        var context = new FilterContext(1, filter);
        return [.. seconds.Select(s => RecordTable.Matches(filter, context, new FilterRecord { Second = s }))];
    }
}
