using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

public abstract partial class RecordStoreContract
{
    private const long Second = UnixNanos.PerSecond;
    private const long Minute = 60 * Second;

    // Start lies 20 seconds into a minute.
    private const long StartMinute = Start - (20 * Second);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CountsAreByWhatWasAskedFor(bool flushed)
    {
        await AddMixedAsync(flushed);

        Assert.Equal([(9L, 9L)], (await CountAsync(new RecordQuery())).Select(r => (r.Records, r.Count)));
        Assert.Equal(
            [("api", 5L), ("shop", 2L), ("worker", 2L)],
            (await CountAsync(new RecordQuery(), CountBy.Service)).Select(r => (r.Service!, r.Records)));
        Assert.Equal(
            [("change", 1L), ("log.entry", 5L), ("metric.value", 1L), ("order.placed", 1L), ("span", 1L)],
            (await CountAsync(new RecordQuery(), CountBy.Type)).Select(r => (r.Type!, r.Records)));
        Assert.Equal(
            [("production", Severity.Info, 6L), ("production", Severity.Error, 2L), ("staging", Severity.Fatal, 1L)],
            (await CountAsync(new RecordQuery(), CountBy.Level | CountBy.Environment))
                .Select(r => (r.Environment!, r.Level!.Value, r.Records)));
        Assert.Equal(
            [(0ul, 6L), (7ul, 1L), (ulong.MaxValue, 2L)],
            (await CountAsync(new RecordQuery(), CountBy.Pattern)).Select(r => (r.Pattern!.Value.Value, r.Records)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CountsAgreeWithWhatIsFoundForEveryFilter(bool flushed)
    {
        await AddMixedAsync(flushed);
        RecordQuery[] queries =
        [
            new(),
            new() { Types = ["log.entry"] },
            new() { Types = ["order.placed", "span"] },
            new() { Types = [] },
            new() { Service = "api" },
            new() { Environment = "staging" },
            new() { Levels = [Severity.Error, Severity.Fatal] },
            new() { TraceId = "t1" },
            new() { TraceId = "never" },
            new() { CorrelationId = "c1" },
            new() { Patterns = [new PatternId(ulong.MaxValue)] },
            new() { WithoutDuplicates = true },
            new() { Text = "to DB ref" },
            new() { Service = "api", Text = "refused", WithoutDuplicates = true },
            new() { FromNanos = Start + 1, ToNanos = Start + 3 },
            new() { FromNanos = StartMinute, ToNanos = StartMinute + Minute },
        ];

        foreach (var query in queries)
        {
            foreach (var interval in (long[])[0, Second, Minute, 60 * Minute])
            {
                var rows = await Store.CountAsync(new CountQuery(query, interval, CountBy.Service | CountBy.Level), Token);

                var expected = (await Store.FindAsync(query, Token))
                    .GroupBy(r => (Start: interval == 0 ? query.FromNanos : r.TimestampNanos - (r.TimestampNanos % interval), r.Service, r.Severity))
                    .Select(g => (g.Key.Start, g.Key.Service, g.Key.Severity, (long)g.Count()));
                Assert.Equal(expected.Order(), rows.Select(r => (r.StartNanos, r.Service!, r.Level!.Value, r.Records)).Order());
            }
        }
    }

    [Fact]
    public async Task ALateRecordIsCountedAtItsOwnMinuteAndASampledOneWithItsWeight()
    {
        Store.AddAnnotated(1, new Row(Nanos: StartMinute), new Row(Nanos: StartMinute + Minute));
        await FlushAsync(true);
        Store.AddAnnotated(3, new Row(Nanos: StartMinute + 1) { Mark = new RecordMark(0, SampleWeights.Choose(10, 0)) });
        await FlushAsync(true);
        Store.AddAnnotated(4, new Row(Nanos: StartMinute + Minute - 1), new Row(Nanos: -1));

        Assert.Equal(
            [(-Minute, 1L, 1L), (StartMinute, 3L, 12L), (StartMinute + Minute, 1L, 1L)],
            (await CountAsync(new RecordQuery(), CountBy.None, Minute)).Select(r => (r.StartNanos, r.Records, r.Count)));
        Assert.Equal(
            [(StartMinute, 3L, 12L)],
            (await CountAsync(new RecordQuery { FromNanos = StartMinute, ToNanos = StartMinute + Minute }, CountBy.None, Minute))
                .Select(r => (r.StartNanos, r.Records, r.Count)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NoTimestampIsTooExtremeToBeCounted(bool flushed)
    {
        long[] times = [long.MinValue, long.MinValue + 1, -1, 0, long.MaxValue - 1, long.MaxValue];
        Store.AddAnnotated(1, [.. times.Select(t => new Row(Nanos: t))]);
        await FlushAsync(flushed);

        foreach (var interval in (long[])[Second, Minute])
        {
            var rows = await CountAsync(new RecordQuery(), CountBy.None, interval);

            Assert.Equal([2, 1, 1, 2], rows.Select(r => r.Records));
            Assert.Equal(long.MinValue, rows[0].StartNanos);
        }
    }

    [Fact]
    public async Task ACountWithTooManyGroupsIsRefused()
    {
        for (var b = 0; b < 11; b++)
        {
            Store.AddAnnotated(1 + (10_000 * b), [.. Enumerable.Range(0, 10_000).Select(i => new Row(Nanos: (b * 10_000L + i) * Second))]);
        }

        await Assert.ThrowsAsync<TooManyGroupsException>(() => CountAsync(new RecordQuery(), CountBy.None, Second));
        await FlushAsync(true);
        await Assert.ThrowsAsync<TooManyGroupsException>(() => CountAsync(new RecordQuery(), CountBy.None, Second));
        Assert.Equal(1834, (await CountAsync(new RecordQuery(), CountBy.None, Minute)).Count);
    }

    private async Task<IReadOnlyList<CountRow>> CountAsync(RecordQuery query, CountBy by = CountBy.None, long interval = 0) =>
        await Store.CountAsync(new CountQuery(query, interval, by), Token);
}
