using System.Globalization;
using System.Net;
using Culprit.IntegrationTests.Storage;
using Culprit.IntegrationTests.Support;

[assembly: AssemblyFixture(typeof(Postgres14))]
[assembly: AssemblyFixture(typeof(Postgres16))]
[assembly: AssemblyFixture(typeof(Postgres17))]

namespace Culprit.IntegrationTests.Storage;

/// <summary>Other versions than Debian's: a server's life, an outage in the middle of it, and everything that the stores promise.</summary>
public sealed class PostgresVersionsTests
{
    private const int Events = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(17)]
    public async Task AServerStartsGoesThroughAnOutageAndStartsAgain(int version)
    {
        await using var database = await PostgresServer.StartNewAsync(Token, version);
        Assert.StartsWith(version.ToString(CultureInfo.InvariantCulture), (string)(await database.ExecuteAsync("postgres", "SHOW server_version", Token))!, StringComparison.Ordinal);
        var url = await database.NewDatabaseAsync(Token);
        using var folder = new TempFolder();
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token, null, "--store", url))
        {
            await SendAsync(server, "before");
            await database.StopAtOnceAsync();
            await SendAsync(server, "during");
            await database.StartAsync(Token);
            await WaitForRecordsAsync(server, 2 * Events);
            Assert.Equal(0, await server.StopAsync());
        }

        await using var again = await ServerProcess.StartAsync(folder.Path, Token, null, "--store", url);
        await SendAsync(again, "after");
        await WaitForRecordsAsync(again, 3 * Events);
        await again.WaitForEventsAsync("type=incident.opened", found => found.Count > 0, Token);
    }

    private static async Task SendAsync(ServerProcess server, string when)
    {
        var lines = Enumerable.Range(0, Events).Select(i => $$"""{"id":"{{when}}-{{i}}","service":"api","level":"error","message":"request failed {{when}}"}""");
        var (status, _) = await server.PostAsync(string.Join('\n', lines), "application/x-ndjson", Token);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    private static async Task WaitForRecordsAsync(ServerProcess server, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var found = -1;
        while (found != count)
        {
            await pause.WaitForNextTickAsync(limit.Token);
            try
            {
                found = (await server.GetAsync("/events?type=log.entry&limit=1000", limit.Token)).GetProperty("events").GetArrayLength();
            }
            catch (HttpRequestException)
            {
                // 503 until the database answers again.
            }
        }
    }
}

/// <summary>PostgreSQL 14, where <c>./test</c> has fetched it.</summary>
public sealed class Postgres14() : SharedPostgres(14);

/// <summary>PostgreSQL 16, where <c>./test</c> has fetched it.</summary>
public sealed class Postgres16() : SharedPostgres(16);

/// <summary>PostgreSQL 17, where <c>./test</c> has fetched it.</summary>
public sealed class Postgres17() : SharedPostgres(17);

public sealed class Postgres14RecordStoreTests(Postgres14 postgres) : PostgresRecordStoreTests(postgres);

public sealed class Postgres16RecordStoreTests(Postgres16 postgres) : PostgresRecordStoreTests(postgres);

public sealed class Postgres17RecordStoreTests(Postgres17 postgres) : PostgresRecordStoreTests(postgres);

public sealed class Postgres14StateStoreTests(Postgres14 postgres) : PostgresStateStoreTests(postgres);

public sealed class Postgres16StateStoreTests(Postgres16 postgres) : PostgresStateStoreTests(postgres);

public sealed class Postgres17StateStoreTests(Postgres17 postgres) : PostgresStateStoreTests(postgres);

/// <summary>Migrations that are killed, on the oldest version only: they take long, and what is old is what lacks something.</summary>
public sealed class Postgres14DatabaseTests(Postgres14 postgres) : PostgresDatabaseTests(postgres);
