using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

/// <summary>What every record store does. Each question is asked before and after records leave memory.</summary>
public abstract partial class RecordStoreContract : IAsyncLifetime
{
    private const long Start = RecordBatches.Start;

    private static readonly Row[] Mixed =
    [
        new("GET /users 200", Start) { Service = "api", TraceId = "t1", CorrelationId = "c1", Pattern = 7 },
        new("Connection to DB refused", Start + 1) { Service = "api", Severity = Severity.Error, TraceId = "t1", Pattern = ulong.MaxValue },
        new("Connection to db refused", Start + 2) { Service = "api", Severity = Severity.Error, Pattern = ulong.MaxValue, DuplicateOf = 2 },
        new("out of memory", Start + 1000) { Service = "worker", Severity = Severity.Fatal, Environment = "staging" },
        new("cpu", Start + 2000) { Kind = EventKind.Metric, Service = "worker", Attributes = """{"value":0.5,"unit":"1"}""" },
        new("SELECT 1", Start + 3000) { Kind = EventKind.Span, Service = "api", TraceId = "t2", SpanId = "s1" },
        new("deploy 4711", Start + 4000) { Kind = EventKind.Change, Service = "api" },
        new("", Start + 5000) { Kind = EventKind.Custom, Type = "order.placed", Service = "shop", Attributes = """{"order":1}""" },
        new("", Start + 6000) { Kind = EventKind.Custom, Type = "log.entry", Service = "shop" },
    ];

    private IRecordStore? _store;

    internal IRecordStore Store => _store ?? throw new InvalidOperationException("Not opened.");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryFilterNarrowsTheAnswer(bool flushed)
    {
        await AddMixedAsync(flushed);

        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal([9, 4, 3, 2, 1], await FindAsync(new RecordQuery { Types = ["log.entry"] }));
        Assert.Equal([8, 7, 5], await FindAsync(new RecordQuery { Types = ["order.placed", "metric.value", "change"] }));
        Assert.Equal([6], await FindAsync(new RecordQuery { Types = ["span"] }));
        Assert.Empty(await FindAsync(new RecordQuery { Types = [] }));
        Assert.Empty(await FindAsync(new RecordQuery { Types = ["never.seen"] }));
        Assert.Equal([5, 4], await FindAsync(new RecordQuery { Service = "worker" }));
        Assert.Equal([4], await FindAsync(new RecordQuery { Environment = "staging" }));
        Assert.Equal([4, 3, 2], await FindAsync(new RecordQuery { Levels = [Severity.Error, Severity.Fatal] }));
        Assert.Empty(await FindAsync(new RecordQuery { Levels = [] }));
        Assert.Equal([2, 1], await FindAsync(new RecordQuery { TraceId = "t1" }));
        Assert.Equal([1], await FindAsync(new RecordQuery { CorrelationId = "c1" }));
        Assert.Equal([3, 2], await FindAsync(new RecordQuery { Patterns = [new PatternId(ulong.MaxValue)] }));
        Assert.Equal([9, 8, 7, 6, 5, 4, 2, 1], await FindAsync(new RecordQuery { WithoutDuplicates = true }));
        Assert.Equal([3, 2], await FindAsync(new RecordQuery { Text = "TO dB REF" }));
        Assert.Equal([2], await FindAsync(new RecordQuery { Service = "api", Text = "refused", WithoutDuplicates = true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ATimeRangeIncludesItsStartAndExcludesItsEndToTheNanosecond(bool flushed)
    {
        await AddMixedAsync(flushed);

        Assert.Equal([3, 2], await FindAsync(new RecordQuery { FromNanos = Start + 1, ToNanos = Start + 3 }));
        Assert.Equal([3], await FindAsync(new RecordQuery { FromNanos = Start + 2, ToNanos = Start + 1000 }));
        Assert.Equal([4, 3], await FindAsync(new RecordQuery { FromNanos = Start + 2, ToNanos = Start + 1001 }));
        Assert.Empty(await FindAsync(new RecordQuery { FromNanos = Start + 3, ToNanos = Start + 3 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryFieldReadsBackAndEmptyOnesReadAsNone(bool flushed)
    {
        var full = new Row("body", Start - 1)
        {
            Kind = EventKind.Custom,
            Type = "order.placed",
            Severity = Severity.Warn,
            Flags = RecordFlags.Truncated | RecordFlags.TimeSuspect,
            Mark = new RecordMark(7, SampleWeights.Choose(10, 0)),
            Service = "shop",
            Environment = "staging",
            Source = "fluentd:shop",
            Attributes = """{"a":1}""",
            TraceId = "t",
            SpanId = "s",
            Id = "order-1",
            CorrelationId = "c",
            CausationId = "k",
            Pattern = 0xfedcba9876543210,
            DuplicateOf = 3,
        };
        Store.AddAnnotated(1, full, new Row(""));
        await FlushAsync(flushed);

        var found = await Store.FindAsync(new RecordQuery { OldestFirst = true }, Token);

        var expected = new StoredRecord
        {
            Sequence = 1,
            Id = "order-1",
            Type = "order.placed",
            Kind = EventKind.Custom,
            TimestampNanos = Start - 1,
            Severity = Severity.Warn,
            Flags = RecordFlags.Truncated | RecordFlags.TimeSuspect,
            Weight = 10,
            Service = "shop",
            Environment = "staging",
            Source = "fluentd:shop",
            Body = "body",
            Attributes = """{"a":1}""",
            TraceId = "t",
            SpanId = "s",
            CorrelationId = "c",
            CausationId = "k",
            Pattern = new PatternId(0xfedcba9876543210),
            DuplicateOf = 3,
        };
        var empty = new StoredRecord
        {
            Sequence = 2,
            Type = "log.entry",
            Kind = EventKind.Log,
            TimestampNanos = Start,
            Severity = Severity.Info,
            Flags = RecordFlags.None,
            Service = "api",
            Environment = "production",
            Source = "",
            Body = "",
            Attributes = "",
        };
        Assert.Equal([expected, empty], found);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NoTimestampIsTooExtreme(bool flushed)
    {
        long[] times = [long.MinValue, long.MinValue + 1, -1001, -1, 0, 1, 999, 1000, long.MaxValue - 1, long.MaxValue];
        Store.AddAnnotated(1, [.. times.Select(t => new Row(Nanos: t))]);
        await FlushAsync(flushed);

        var found = await Store.FindAsync(new RecordQuery { OldestFirst = true }, Token);

        Assert.Equal(times, found.Select(r => r.TimestampNanos));
        Assert.Equal([4, 5], await FindAsync(new RecordQuery { OldestFirst = true, FromNanos = -1, ToNanos = 1 }));
        Assert.Equal([1], await FindAsync(new RecordQuery { ToNanos = long.MinValue + 1 }));
        Assert.Equal([10], await FindAsync(new RecordQuery { FromNanos = long.MaxValue }));
    }

    [Fact]
    public async Task PagesJoinUpAcrossMemoryAndStoreInBothOrders()
    {
        // Equal timestamps everywhere, and time runs neither with the sequence nor with the batches.
        var random = new Random(1);
        var rows = Enumerable.Range(0, 600).Select(_ => new Row(Nanos: Start + random.Next(40) * 700)).ToArray();
        for (var b = 0; b < 6; b++)
        {
            Store.AddAnnotated(1 + (100 * b), rows[(100 * b)..(100 * (b + 1))]);
            await FlushAsync(b < 4);
        }

        foreach (var oldestFirst in (bool[])[false, true])
        {
            var expected = rows.Select((r, i) => (r.Nanos, Sequence: i + 1L)).Order().Select(r => r.Sequence).ToList();
            if (!oldestFirst)
            {
                expected.Reverse();
            }

            foreach (var limit in (int[])[1, 7, 100, 1000])
            {
                Assert.Equal(expected, await FindPagesAsync(new RecordQuery { OldestFirst = oldestFirst, Limit = limit }));
            }
        }
    }

    [Fact]
    public async Task AnOldRecordThatArrivesLateIsFoundAtItsOwnTime()
    {
        Store.AddAnnotated(1, new Row(Nanos: Start + 500), new Row(Nanos: Start + 900));
        await FlushAsync(true);
        Store.AddAnnotated(3, new Row(Nanos: Start + 100), new Row(Nanos: Start + 700));
        await FlushAsync(true);
        Store.AddAnnotated(5, new Row(Nanos: Start + 300));

        Assert.Equal([2, 4], await FindAsync(new RecordQuery { Limit = 2 }));
        Assert.Equal([3, 5, 1], await FindAsync(new RecordQuery { Limit = 3, OldestFirst = true }));
    }

    [Fact]
    public async Task ARecordIsFoundAtOnceAndKeepsItsPlaceWhenAnnotationsFollow()
    {
        Row[] rows = [new("first") { Pattern = 5 }, new("second") { DuplicateOf = 1 }];
        Store.Add(RecordBatches.Of(1, rows));

        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));
        Assert.Empty(await FindAsync(new RecordQuery { Patterns = [new PatternId(5)] }));

        await Store.FlushAsync(all: true, Token);
        Assert.Equal(0, Store.AppliedSequence);

        Store.Annotate(1, RecordBatches.Annotations(rows));
        Assert.Equal([1], await FindAsync(new RecordQuery { Patterns = [new PatternId(5)] }));

        await Store.FlushAsync(all: true, Token);
        Assert.Equal(2, Store.AppliedSequence);
        Assert.Equal([1], await FindAsync(new RecordQuery { Patterns = [new PatternId(5)] }));
        Assert.Equal([1], await FindAsync(new RecordQuery { WithoutDuplicates = true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AReplayedBatchIsIgnored(bool flushed)
    {
        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        Store.AddAnnotated(5, new Row("three"));
        await FlushAsync(flushed);

        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        Store.AddAnnotated(5, new Row("three"));
        await FlushAsync(flushed);

        Assert.Equal([5, 2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(3, await Store.CountAsync(Token));
    }

    [Fact]
    public void ABatchThatOverlapsWhatIsStoredIsABug()
    {
        Store.AddAnnotated(1, new Row(), new Row());

        Assert.Throws<ArgumentException>(() => Store.Add(RecordBatches.Of(2, new Row(), new Row())));
        Assert.Throws<ArgumentException>(() => Store.Annotate(3, new BatchAnnotations(1)));
    }

    [Fact]
    public async Task CountsAddUpAndNothingPendsAfterAFlush()
    {
        Store.AddAnnotated(1, [.. Enumerable.Range(0, 10).Select(_ => new Row())]);
        await Store.FlushAsync(all: true, Token);
        Assert.Equal(0, Store.PendingBytes);

        Store.AddAnnotated(11, [.. Enumerable.Range(0, 5).Select(_ => new Row())]);
        Assert.True(Store.PendingBytes > 0);
        Assert.Equal(15, await Store.CountAsync(Token));

        await Store.FlushAsync(all: true, Token);
        Assert.Equal(0, Store.PendingBytes);
        Assert.Equal(15, Store.AppliedSequence);
        Assert.Equal(15, await Store.CountAsync(Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RecordsAreFoundBySendersIdAndBySequence(bool flushed)
    {
        Store.AddAnnotated(1, new Row("one") { Id = "a" }, new Row("two"));
        await FlushAsync(flushed);
        Store.AddAnnotated(7, new Row("three") { Id = "b" });
        await FlushAsync(flushed);
        Store.AddAnnotated(8, new Row("four") { Id = "a" });

        Assert.Equal("three", (await Store.FindByIdAsync("b", Token))?.Body);
        Assert.Equal("four", (await Store.FindByIdAsync("a", Token))?.Body);
        Assert.Null(await Store.FindByIdAsync("c", Token));
        Assert.Null(await Store.FindByIdAsync("", Token));
        Assert.Equal("two", (await Store.FindBySequenceAsync(2, Token))?.Body);
        Assert.Equal("three", (await Store.FindBySequenceAsync(7, Token))?.Body);
        Assert.Equal("four", (await Store.FindBySequenceAsync(8, Token))?.Body);
        Assert.Null(await Store.FindBySequenceAsync(3, Token));
        Assert.Null(await Store.FindBySequenceAsync(9, Token));
    }

    [Fact]
    public async Task ACancelledQueryStops()
    {
        Store.AddAnnotated(1, new Row());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.FindAsync(new RecordQuery(), cancelled.Token));
    }

    [Fact]
    public async Task QueriesSeeEveryRecordOnceWhileRecordsMoveToTheStore()
    {
        const int Batches = 40;
        using var finished = new CancellationTokenSource();
        var reader = Task.Run(
            async () =>
            {
                var seen = 0;
                while (!finished.IsCancellationRequested)
                {
                    var found = await FindAsync(new RecordQuery { OldestFirst = true, Limit = 1000 });
                    Assert.Equal(Enumerable.Range(1, found.Count).Select(i => (long)i), found);
                    Assert.True(found.Count >= seen);
                    seen = found.Count;
                }
            },
            Token);
        for (var b = 0; b < Batches; b++)
        {
            Store.AddAnnotated(1 + (5 * b), [.. Enumerable.Range(0, 5).Select(i => new Row(Nanos: Start + (5 * b) + i))]);
            if (b % 8 == 7)
            {
                await Store.FlushAsync(all: true, Token);
            }
        }

        await finished.CancelAsync();
        await reader;

        Assert.Equal(5 * Batches, await Store.CountAsync(Token));
    }

    private protected abstract Task<IRecordStore> OpenAsync();

    protected abstract Task CloseAsync();

    /// <summary>Opens the store again, as after a restart; the test has closed it before.</summary>
    private protected async Task ReopenAsync() => _store = await OpenAsync();

    private protected async Task<List<long>> FindAsync(RecordQuery query) =>
        [.. (await Store.FindAsync(query, Token)).Select(r => r.Sequence)];

    private protected Task FlushAsync(bool flushed) => flushed ? Store.FlushAsync(all: true, Token) : Task.CompletedTask;

    private async Task<List<long>> FindPagesAsync(RecordQuery query)
    {
        var all = new List<long>();
        while (true)
        {
            var page = await Store.FindAsync(query, Token);
            all.AddRange(page.Select(r => r.Sequence));
            Assert.True(page.Count <= query.Limit);
            if (page.Count < query.Limit)
            {
                return all;
            }

            query = query with { After = (page[^1].TimestampNanos, page[^1].Sequence) };
        }
    }

    private async Task AddMixedAsync(bool flushed)
    {
        Store.AddAnnotated(1, Mixed[..5]);
        await FlushAsync(flushed);
        Store.AddAnnotated(6, Mixed[5..]);
        await FlushAsync(flushed);
    }
}
