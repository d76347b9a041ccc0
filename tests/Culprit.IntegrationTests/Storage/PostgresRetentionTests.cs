using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.Storage;

/// <summary>What is too old goes, a partition at a time; what is kept longer stays.</summary>
public sealed class PostgresRetentionTests(SharedPostgres postgres) : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = UnixNanos.ToTime(RecordBatches.Start);

    private readonly FakeTimeProvider _clock = new(Start);
    private PostgresDatabase _database = null!;
    private PostgresRecordStore _records = null!;
    private PostgresStateStore _state = null!;
    private RetentionClasses _classes = null!;
    private long _next = 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        _database = await PostgresDatabase.OpenAsync(url, Token);
        _classes = await PostgresRetentionClasses.LoadAsync(_database, [TimeSpan.FromDays(30), TimeSpan.FromDays(1)], Token);
        _records = await PostgresRecordStore.OpenAsync(
            _database,
            new PostgresStoreOptions { KeepOf = n => n == 0 ? TimeSpan.FromDays(30) : TimeSpan.FromDays(1) },
            _clock,
            NullLogger<PostgresRecordStore>.Instance,
            Token);
        _state = new PostgresStateStore(_database);
    }

    public async ValueTask DisposeAsync()
    {
        _records.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task EachClassGoesAtItsTimeAndCountsGoWithIt()
    {
        await ReceiveAsync(0, 1);
        using var retention = Retention(null);
        _clock.Advance(TimeSpan.FromHours(23));
        await retention.SweepAsync(Token);
        Assert.Equal(2, await _records.CountAsync(Token));

        // A partition of that class spans an hour.
        _clock.Advance(TimeSpan.FromHours(2));
        await retention.SweepAsync(Token);
        Assert.Equal([1], await FindAsync());
        Assert.Equal(1, (await _records.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token))[0].Records);
        var report = retention.Check().Numbers;
        Assert.Equal(1L, report["dropped_records"]);
        Assert.True((long)report["freed_bytes"] > 0);

        _clock.Advance(TimeSpan.FromDays(30));
        await retention.SweepAsync(Token);
        Assert.Empty(await FindAsync());
        Assert.Equal(2, _records.AppliedSequence);
    }

    [Fact]
    public async Task PartitionsAreMadeBeforeTheyAreNeeded()
    {
        await ReceiveAsync(1);
        using var retention = Retention(null);
        _clock.Advance(TimeSpan.FromMinutes(44)); // The hour ends in less than five minutes.

        await retention.SweepAsync(Token);

        Assert.Contains(_records.Partitions, p => p.Holds(1, UnixNanos.From(_clock.GetUtcNow().AddMinutes(5))));
    }

    [Fact]
    public async Task ALimitOfSizeDropsTheOldestButNotWhereRecordsStillCome()
    {
        for (var day = 0; day < 3; day++)
        {
            await ReceiveAsync(0);
            _clock.Advance(TimeSpan.FromDays(1));
        }

        await ReceiveAsync(0);
        using var retention = Retention(maxBytes: 1);

        await retention.SweepAsync(Token);

        Assert.Equal([4], await FindAsync());
    }

    [Fact]
    public async Task OldEventsGoButNotThoseOfAnOpenIncident()
    {
        DerivedEvent Event(string id, string type, string? incident) =>
            new(id, type, RecordBatches.Start, "production", null, incident, null, "{}"u8.ToArray());
        await _state.ApplyAsync(
            new EngineOutput(
                1,
                [Event("s", "log.summary", null), Event("o", "incident.opened", "open"), Event("e", "incident.opened", "ended"), Event("r", "incident.resolved", "ended")],
                [new OutboxItem("e", "sink", "ended", "{}"u8.ToArray(), 0)]),
            Token);
        await _state.MarkDeliveredAsync("e", "sink", DateTimeOffset.UnixEpoch, Token);
        using var retention = Retention(null);
        _clock.Advance(TimeSpan.FromDays(366));

        await retention.SweepAsync(Token);

        Assert.Equal(["o"], (await _state.FindAsync(new DerivedQuery(), Token)).Select(r => r.Event.Id));
        Assert.Equal(0L, await _database.ReadAsync(c => Sql.ScalarAsync(c, "SELECT count(*) FROM outbox", [], Token), Token));
    }

    private PostgresRetention Retention(long? maxBytes) => new(
        _records, _state, new RetentionPolicy(TimeSpan.FromDays(30), maxBytes, TimeSpan.FromDays(365)), _classes, _clock,
        NullLogger<PostgresRetention>.Instance);

    private async Task<IReadOnlyList<long>> FindAsync() =>
        [.. (await _records.FindAsync(new RecordQuery(), Token)).Select(r => r.Sequence)];

    /// <summary>One record of each class that comes in now, written at once.</summary>
    private async Task ReceiveAsync(params int[] classes)
    {
        var now = UnixNanos.From(_clock.GetUtcNow());
        var rows = classes.Select(c => new Row(Nanos: now) { Mark = new RecordMark(c, SampleWeights.None) }).ToArray();
        _records.Add(RecordBatches.Received(now, _next, rows));
        _records.Annotate(_next, RecordBatches.Annotations(rows));
        _next += rows.Length;
        await _records.FlushAsync(all: true, Token);
    }
}
