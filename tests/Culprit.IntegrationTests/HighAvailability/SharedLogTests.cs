using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;
using Culprit.Server.HighAvailability;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.HighAvailability;

/// <summary>The log in the database, and the right to read it as one's journal.</summary>
public sealed class SharedLogTests(SharedPostgres postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadingBeginsInTheMiddleOfARowAndLeavesOutAServer()
    {
        await using var database = await OpenAsync();
        var table = new SharedLogTable(database);
        await table.OpenAsync(42, 10, Token);
        foreach (var (first, last, server) in new[] { (11L, 15L, 1UL), (16L, 16L, 2UL), (17L, 30L, ulong.MaxValue) })
        {
            await AppendAsync(database, first, last, server);
        }

        Assert.Equal([11, 16, 17], await FirstsAsync(table, 0));
        Assert.Equal([11, 16, 17], await FirstsAsync(table, 14));
        Assert.Equal([16, 17], await FirstsAsync(table, 15));
        Assert.Equal([17], await FirstsAsync(table, 29));
        Assert.Empty(await FirstsAsync(table, 30));
        Assert.Equal([11, 16], await FirstsAsync(table, 0, notOf: ulong.MaxValue));
        Assert.Equal(30, await table.LastAsync(Token));
    }

    [Fact]
    public async Task OnlyWholeRowsAreTrimmedAndNumbersGoOn()
    {
        await using var database = await OpenAsync();
        var table = new SharedLogTable(database);
        await table.OpenAsync(42, 0, Token);
        for (var first = 1L; first < 6000; first += 10)
        {
            await AppendAsync(database, first, first + 9, 1);
        }

        await table.TrimAsync(5984, Token);

        Assert.Equal([5981, 5991], await FirstsAsync(table, 0));
        Assert.Equal(20, await table.SizeAsync(Token));
        Assert.Equal((42UL, 6000L), await table.OpenAsync(7, 5, Token));
        Assert.Equal((42UL, 7000L), await table.OpenAsync(7, 7000, Token));
    }

    [Fact]
    public async Task WhatNobodyNeedsAnyMoreIsDeleted()
    {
        await using var database = await OpenAsync();
        var table = new SharedLogTable(database);
        await table.OpenAsync(42, 0, Token);
        await AppendAsync(database, 1, 10, 1);
        await AppendAsync(database, 11, 20, 1);
        using var folder = new TempFolder();
        var clock = new FakeTimeProvider();
        await using var intake = FileJournal.Open(new JournalOptions { Folder = folder.Path }, PosixFileSystem.OfThisSystem(), TimeProvider.System, null, 0);
        var log = new SharedLog(intake, table, 42, 20, 1000, clock, NullLogger<SharedLog>.Instance);
        using var keeper = new SharedLogKeeper(log, table, clock, NullLogger<SharedLogKeeper>.Instance);
        await keeper.StartAsync(Token);

        log.Trim(10);

        await Wait.UntilAsync(
            "the first row is gone",
            TimeSpan.FromSeconds(30),
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(5));
                return (await FirstsAsync(table, 0)).SequenceEqual([11L]);
            },
            Token);
        await keeper.StopAsync(Token);
    }

    [Fact]
    public async Task OfTwoThatWantTheSameLeaseOneGetsIt()
    {
        await using var one = await OpenAsync();
        await using var other = await OpenAsync(one.Url);
        await using var first = new PostgresLease(one);
        await using var second = new PostgresLease(other);
        var seen = await second.LookAsync(Token);

        Assert.True(await first.TryTakeOverAsync("first", seen, Token));
        Assert.False(await second.TryTakeOverAsync("second", seen, Token));

        Assert.Equal("first", (await second.LookAsync(Token)).Holder);
        Assert.True(await first.KeepAsync(Token));
        Assert.False(await second.TryTakeOverAsync("second", seen with { Epoch = 1 }, Token)); // It was renewed meanwhile.
        Assert.True(await first.KeepAsync(Token));
        Assert.True(await second.TryTakeOverAsync("second", await second.LookAsync(Token), Token));
        await Wait.UntilAsync("a new session finds out", TimeSpan.FromSeconds(30), () => IsReplacedAsync(first), Token);
        await second.ReleaseAsync(Token);
        Assert.False((await first.LookAsync(Token)).IsHeld);
    }

    /// <summary>A frozen server is in the middle of a transaction: it is ended, what it wrote is undone, and it writes nothing afterwards.</summary>
    [Fact]
    public async Task WhoTakesOverDoesNotWaitForAnOpenTransactionOfWhoIsFrozen()
    {
        await using var frozen = await OpenAsync();
        await using var next = await OpenAsync(frozen.Url);
        await using var lease = new PostgresLease(frozen);
        await using var taking = new PostgresLease(next);
        var table = new SharedLogTable(frozen);
        await table.OpenAsync(42, 0, Token);
        Assert.True(await lease.TryTakeOverAsync("frozen", LeaseState.Nobody, Token));
        Assert.True(await lease.KeepAsync(Token));
        var isIn = new TaskCompletionSource();
        var wakes = new TaskCompletionSource();
        var transaction = frozen.ShareAsync(
            async c =>
            {
                await SharedLogTable.LockAsync(c, Token);
                await SharedLogTable.AppendAsync(c, new SharedLogRow(1, 5, 1, new byte[] { 1 }), Token);
                isIn.SetResult();
                await wakes.Task;
                return 0;
            },
            Token);
        await isIn.Task;

        Assert.True(await taking.TryTakeOverAsync("next", await taking.LookAsync(Token), Token));
        wakes.SetResult();

        await Assert.ThrowsAsync<Server.Storage.StoreUnavailableException>(() => transaction);
        await Assert.ThrowsAsync<StoreFencedException>(() => AppendAsync(frozen, 1, 5, 1));
        await Wait.UntilAsync("a new session finds out", TimeSpan.FromSeconds(30), () => IsReplacedAsync(lease), Token);
        Assert.Empty(await FirstsAsync(new SharedLogTable(next), 0));
    }

    private static async Task<bool> IsReplacedAsync(PostgresLease lease)
    {
        try
        {
            return !await lease.KeepAsync(Token);
        }
        catch (Exception e) when (PostgresFailures.ArePassing(e))
        {
            return false; // Its session was ended: the next look makes a new one.
        }
    }

    private static Task<int> AppendAsync(PostgresDatabase database, long first, long last, ulong server) => database.ShareAsync(
        async c =>
        {
            await SharedLogTable.LockAsync(c, Token);
            await SharedLogTable.AppendAsync(c, new SharedLogRow(first, last, server, new byte[10]), Token);
            return 0;
        },
        Token);

    private static async Task<IEnumerable<long>> FirstsAsync(SharedLogTable table, long after, ulong notOf = 0) =>
        (await table.ReadAsync(after, notOf, Token)).Select(r => r.First);

    private async Task<PostgresDatabase> OpenAsync()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        return await OpenAsync(url);
    }

    private static Task<PostgresDatabase> OpenAsync(StoreUrl url) => PostgresDatabase.OpenAsync(url, Token);
}
