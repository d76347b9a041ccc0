using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;

namespace Culprit.IntegrationTests.Storage;

public sealed class EmbeddedAlertThreadStoreTests : AlertThreadStoreContract
{
    private readonly DataFolder _folder = new();
    private StateDatabase? _database;

    [Fact]
    public async Task AThreadIsThereAfterARestart()
    {
        await Store.SaveAsync(Thread("chat", "i1", "1.1"), Token);

        _database!.Dispose();
        var again = await OpenAsync();

        Assert.Equal("1.1", (await again.FindAsync("chat", "i1", Token))?.Message);
    }

    private protected override Task<IAlertThreadStore> OpenAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        return Task.FromResult<IAlertThreadStore>(new EmbeddedAlertThreadStore(_database));
    }

    private protected override Task CloseAsync()
    {
        _database!.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

public sealed class PostgresAlertThreadStoreTests(SharedPostgres postgres) : AlertThreadStoreContract
{
    private PostgresDatabase? _database;

    private protected override async Task<IAlertThreadStore> OpenAsync()
    {
        _ = StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url);
        _database = await PostgresDatabase.OpenAsync(url!, Token);
        return new PostgresAlertThreadStore(_database);
    }

    private protected override async Task CloseAsync() => await _database!.DisposeAsync();
}
