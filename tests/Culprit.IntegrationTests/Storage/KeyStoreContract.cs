using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Access;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;

namespace Culprit.IntegrationTests.Storage;

/// <summary>What every store of keys does.</summary>
public abstract class KeyStoreContract
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AKeyReadsBackWithAllItsTermsInTheOrderOfCreation()
    {
        await using var opened = await OpenAsync();
        var (first, _) = new KeyRequest("a shipper's", ["ingest"])
        {
            Environments = ["prod"],
            Services = ["s-*"],
            MinimumLevel = "warn",
            Sample = 0.5,
            RecordsPerSecond = 1,
            BytesPerDay = 2,
            LowPriority = true,
            ExpiresInDays = 3,
        }.Make(Now);
        var (second, _) = new KeyRequest("b", ["admin", "read"]).Make(Now);

        await opened.Store.AddAsync(first, Token);
        await opened.Store.AddAsync(second, Token);

        Assert.Equivalent(new[] { first, second }, await opened.Store.AllAsync(Token), strict: true);
        await Assert.ThrowsAsync<ArgumentException>(() => opened.Store.AddAsync(first with { Name = "again" }, Token));
        Assert.Equal(2, (await opened.Store.AllAsync(Token)).Count);
    }

    [Fact]
    public async Task AKeyEndsOnceAndForGood()
    {
        await using var opened = await OpenAsync();
        var (key, _) = new KeyRequest("k", ["read"]).Make(Now);
        await opened.Store.AddAsync(key, Token);

        Assert.True(await opened.Store.RevokeAsync(key.Id, Now.AddHours(1), Token));
        Assert.True(await opened.Store.RevokeAsync(key.Id, Now.AddHours(2), Token));
        Assert.False(await opened.Store.RevokeAsync("nobody", Now, Token));

        Assert.Equal(Now.AddHours(1), Assert.Single(await opened.Store.AllAsync(Token)).RevokedAt);
    }

    [Fact]
    public async Task TheNewestDeedsComeFirst()
    {
        await using var opened = await OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await opened.Store.AuditAsync(new AuditEntry(Now.AddSeconds(i), "k (\0'\"é)", "POST /keys", $"/keys/{i}"), Token);
        }

        var found = await opened.Store.AuditedAsync(2, Token);

        Assert.Equal(["/keys/4", "/keys/3"], found.Select(e => e.Target));
        Assert.Equal((Now.AddSeconds(4), "k (\0'\"é)"), (found[0].At, found[0].Actor));
    }

    private protected abstract Task<Opened> OpenAsync();

    internal sealed class Opened(IKeyStore store, Func<ValueTask> close) : IAsyncDisposable
    {
        public IKeyStore Store => store;

        public ValueTask DisposeAsync() => close();
    }
}

public sealed class EmbeddedKeyStoreTests : KeyStoreContract
{
    private protected override Task<Opened> OpenAsync()
    {
        var folder = new TempFolder();
        var database = StateDatabase.Open(folder.Path);
        return Task.FromResult(new Opened(new EmbeddedKeyStore(database), () =>
        {
            database.Dispose();
            folder.Dispose();
            return ValueTask.CompletedTask;
        }));
    }
}

public sealed class PostgresKeyStoreTests(SharedPostgres postgres) : KeyStoreContract
{
    private protected override async Task<Opened> OpenAsync()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        var database = await PostgresDatabase.OpenAsync(url, Token);
        return new Opened(new PostgresKeyStore(database), database.DisposeAsync);
    }
}
