using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;

namespace Culprit.IntegrationTests.Storage;

public sealed class EmbeddedSilenceStoreTests : SilenceStoreContract
{
    private protected override Task<Opened> OpenAsync()
    {
        var folder = new TempFolder();
        var database = StateDatabase.Open(folder.Path);
        return Task.FromResult(new Opened(new EmbeddedSilenceStore(database), () =>
        {
            database.Dispose();
            folder.Dispose();
            return ValueTask.CompletedTask;
        }));
    }
}

public sealed class PostgresSilenceStoreTests(SharedPostgres postgres) : SilenceStoreContract
{
    private protected override async Task<Opened> OpenAsync()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        var database = await PostgresDatabase.OpenAsync(url, Token);
        return new Opened(new PostgresSilenceStore(database), database.DisposeAsync);
    }
}
