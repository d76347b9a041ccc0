using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Culprit.IntegrationTests.Storage;

public class PostgresRecordStoreTests(SharedPostgres postgres) : RecordStoreContract
{
    private static readonly long Day = UnixNanos.From(TimeSpan.FromDays(1));

    private readonly FakeTimeProvider _clock = new();
    private string? _url;
    private PostgresDatabase? _database;
    private PostgresRecordStore? _postgres;

    private PostgresStoreOptions Options { get; set; } = new();

    [Fact]
    public async Task WhatWasFlushedIsThereAfterARestartAndTheRestIsReplayed()
    {
        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        await Store.FlushAsync(all: true, Token);
        Store.AddAnnotated(4, new Row("three"));

        await RestartAsync();

        Assert.Equal(2, Store.AppliedSequence);
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));

        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        Store.AddAnnotated(4, new Row("three"));
        await Store.FlushAsync(all: true, Token);
        await RestartAsync();

        Assert.Equal([4, 2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(3, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task RecordsAreWrittenWhenTheyAreManyOrOldButNotBefore()
    {
        Options = new PostgresStoreOptions { MaxRows = 4, MaxAge = TimeSpan.FromSeconds(5) };
        await RestartAsync();
        Store.AddAnnotated(1, new Row(), new Row(), new Row());
        await Store.FlushAsync(all: false, Token);
        Assert.Equal(0, Store.AppliedSequence);

        Store.AddAnnotated(4, new Row());
        Store.AddAnnotated(5, new Row());
        await Store.FlushAsync(all: false, Token);
        Assert.Equal(4, Store.AppliedSequence);

        _clock.Advance(TimeSpan.FromSeconds(5));
        await Store.FlushAsync(all: false, Token);
        Assert.Equal(5, Store.AppliedSequence);
    }

    [Fact]
    public async Task WhatACommitWithoutAnAnswerWroteIsNotWrittenAgain()
    {
        // As two processes with the same journal, or as one whose connection broke at the commit.
        Store.AddAnnotated(1, new Row("one"));
        Store.AddAnnotated(2, new Row("two"));
        var twin = await PostgresRecordStore.OpenAsync(_database!, Options, _clock, NullLogger<PostgresRecordStore>.Instance, Token);
        ((IRecordStore)twin).AddAnnotated(1, new Row("one"));
        await twin.FlushAsync(all: true, Token);

        await Store.FlushAsync(all: true, Token);

        Assert.Equal(2, Store.AppliedSequence);
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(2, await Store.CountAsync(Token));
        Assert.Equal(2, (await Store.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token))[0].Records);
    }

    [Fact]
    public async Task PartitionsAreCutByClassAndDayOfArrival()
    {
        await ReceiveAsync(1, RecordBatches.Start, 0, 3);
        await ReceiveAsync(3, RecordBatches.Start + Day, 0);

        Assert.Equal(
            [(0, 1L), (3, 1L), (0, 1L)],
            (await ListAsync()).Select(p => (p.Class, p.Records)));
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM records_default"));
        Assert.Equal([3, 2, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task ADroppedPartitionTakesItsRecordsAndCountsAndNoOthers()
    {
        await ReceiveAsync(1, RecordBatches.Start, 0, 3);
        await ReceiveAsync(3, RecordBatches.Start + Day, 3);

        await _postgres!.DropAsync([.. _postgres.Partitions.Where(p => p.Class == 3 && p.From < RecordBatches.Start)], Token);

        Assert.Equal([3, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(2, await Store.CountAsync(Token));
        Assert.Equal(2, (await Store.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token))[0].Records);
        Assert.Equal(3, Store.AppliedSequence);
        await ReceiveAsync(4, RecordBatches.Start, 3);
        Assert.Equal([3, 4, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task ARecordWithoutAPartitionGoesToTheDefaultOneAndIsMovedLater()
    {
        await ReceiveAsync(1, RecordBatches.Start, 0);
        await using (var reader = new NpgsqlConnection(ParsedUrl.ConnectionString))
        {
            // Somebody reads everything, and does not end.
            await reader.OpenAsync(Token);
            await using var transaction = await reader.BeginTransactionAsync(Token);
            await Sql.ScalarAsync(reader, "SELECT count(*) FROM records", [], Token);
            await ReceiveAsync(2, RecordBatches.Start + Day, 0, 0);
            Assert.Equal(2L, await ScalarAsync("SELECT count(*) FROM records_default"));
            Assert.Equal([3, 2, 1], await FindAsync(new RecordQuery()));
        }

        await _postgres!.PreparePartitionsAsync(RecordBatches.Start + (2 * Day), Token);

        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM records_default"));
        Assert.Equal([3, 2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(3, await Store.CountAsync(Token));
        var moved = (await ListAsync())[1];
        Assert.Equal((2, RecordBatches.Start + Day), (moved.Records, moved.MaxReceived));
        await _postgres.DropAsync([moved], Token);
        Assert.Equal(1, (await Store.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token))[0].Records);
        Assert.Equal([1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task PartitionsDoNotOverlapWhenTheTimeToKeepChanges()
    {
        await ReceiveAsync(1, RecordBatches.Start, 0);
        Options = new PostgresStoreOptions { KeepOf = _ => TimeSpan.FromDays(365) };
        await RestartAsync();

        await ReceiveAsync(2, RecordBatches.Start + Day, 0);
        await ReceiveAsync(3, RecordBatches.Start - Day, 0);

        Assert.Equal([2, 1, 3], await FindAsync(new RecordQuery()));
        Assert.Equal(3, (await ListAsync()).Count);
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM records_default"));
    }

    private StoreUrl ParsedUrl => StoreUrl.TryParse(_url!, out var url) ? url : throw new InvalidOperationException();

    private protected override async Task<IRecordStore> OpenAsync()
    {
        _url ??= await postgres.NewDatabaseAsync(Token);
        _database = await PostgresDatabase.OpenAsync(ParsedUrl, Token);
        await _database.TakeOverAsync("test", Token);
        _postgres = await PostgresRecordStore.OpenAsync(_database, Options, _clock, NullLogger<PostgresRecordStore>.Instance, Token);
        return _postgres;
    }

    protected override async Task CloseAsync()
    {
        _postgres?.Dispose();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    private async Task RestartAsync()
    {
        await CloseAsync();
        await ReopenAsync();
    }

    /// <summary>One record of each class, arriving at a moment, written at once.</summary>
    private async Task ReceiveAsync(long first, long received, params int[] classes)
    {
        var rows = classes.Select(c => new Row(Nanos: received) { Mark = new RecordMark(c, SampleWeights.None) }).ToArray();
        Store.Add(RecordBatches.Received(received, first, rows));
        Store.Annotate(first, RecordBatches.Annotations(rows));
        await Store.FlushAsync(all: true, Token);
    }

    private Task<IReadOnlyList<RecordPartition>> ListAsync() => _database!.ReadAsync(c => PostgresPartitions.ListAsync(c, Token), Token);

    private Task<object?> ScalarAsync(string sql) => _database!.ReadAsync(c => Sql.ScalarAsync(c, sql, [], Token), Token);
}
