using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;

namespace Culprit.IntegrationTests.Storage;

public class PostgresStateStoreTests(SharedPostgres postgres) : StateStoreContract
{
    private string? _url;
    private PostgresDatabase? _database;

    [Fact]
    public async Task EverythingIsThereAfterARestart()
    {
        await ApplyAsync(9, Event("a"));
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i1"));
        await Store.MarkDeliveredAsync("1", "slack", DateTimeOffset.UnixEpoch, Token);
        await Store.SaveSnapshotAsync(new EngineSnapshot(1, 9, new byte[] { 1 }), Token);
        await Store.AddDeadLetterAsync(new DeadLetter("d", DateTimeOffset.UnixEpoch, "bad", default), Token);

        await CloseAsync();
        await ReopenAsync();

        Assert.Equal(9, await Store.GetEnginePositionAsync(Token));
        Assert.Equal(["a"], await FindAsync(new DerivedQuery()));
        Assert.Equal(["2>slack"], await DueAsync(DateTimeOffset.UnixEpoch));
        Assert.Equal(9, (await Store.LoadSnapshotAsync(Token))?.Sequence);
        Assert.Single(await Store.ListDeadLettersAsync(5, Token));
    }

    [Fact]
    public async Task AWriteThatFailsHalfwayLeavesNothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _database!.WriteAsync<int>(
            async c =>
            {
                await PostgresDerivedEvents.TryAddAsync(c, Event("half"), Token);
                throw new InvalidOperationException("stop");
            },
            Token));

        Assert.Null(await Store.FindByIdAsync("half", Token));
        Assert.Single(await ApplyAsync(1, Event("half")));
    }

    [Fact]
    public async Task WhoeverWasReplacedWritesNothingMore()
    {
        await ApplyAsync(1, Event("a"));
        await using var other = await PostgresDatabase.OpenAsync(ParsedUrl, Token);
        await other.TakeOverAsync("another", Token);
        await new PostgresStateStore(other).ApplyAsync(new EngineOutput(2, [Event("b")], []), Token);

        var refusal = await Assert.ThrowsAsync<StoreFencedException>(() => ApplyAsync(3, Event("c")));

        Assert.Contains("taken over", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["b", "a"], await FindAsync(new DerivedQuery()));
        Assert.Equal(2, await Store.GetEnginePositionAsync(Token));
    }

    [Fact]
    public async Task WhatOneProcessDeliversAnotherPassesOver()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i2"));
        var other = new PostgresStateStore(_database!);
        var now = DateTimeOffset.UnixEpoch;

        var claimed = await Store.DueAlertsAsync("slack", now, 1, Token);

        Assert.Equal(["1"], claimed.Select(a => a.Id));
        Assert.Equal(["2"], (await other.DueAlertsAsync("slack", now, 10, Token)).Select(a => a.Id));
        Assert.Equal(["1"], (await Store.DueAlertsAsync("slack", now, 10, Token)).Select(a => a.Id));

        // The other one died: its claim runs out.
        await _database!.WriteAsync(c => Sql.ExecuteAsync(c, "UPDATE outbox SET claimed_until = now() - interval '1 s'", [], Token), Token);
        Assert.Equal(["1", "2"], (await Store.DueAlertsAsync("slack", now, 10, Token)).Select(a => a.Id));
    }

    [Fact]
    public async Task TextWithoutAPlaceInTheDatabaseReadsBack()
    {
        var odd = new DerivedEvent("nul\0\uFDD0\uFDD1\uFDD2", "t\0", 1, "e\0", "s\0", "c\0", "k\0", "{\"a\":\"\uFDD0\"}"u8.ToArray());
        await ApplyAsync(1, odd);

        var found = await Store.FindByIdAsync(odd.Id, Token);

        Assert.Equal(odd with { Json = default }, found! with { Json = default });
        Assert.Equal(odd.Json.ToArray(), found.Json.ToArray());
        Assert.Single(await Store.FindAsync(new DerivedQuery { Text = "\uFDD0\"" }, Token));
        Assert.Empty(await Store.FindAsync(new DerivedQuery { Text = "\uFDD1" }, Token));
    }

    private StoreUrl ParsedUrl => StoreUrl.TryParse(_url!, out var url) ? url : throw new InvalidOperationException();

    private protected override async Task<IStateStore> OpenAsync()
    {
        _url ??= await postgres.NewDatabaseAsync(Token);
        _database = await PostgresDatabase.OpenAsync(ParsedUrl, Token);
        await _database.TakeOverAsync("test", Token);
        return new PostgresStateStore(_database);
    }

    protected override async Task CloseAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}
