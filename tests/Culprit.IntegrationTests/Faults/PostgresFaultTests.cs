using System.Net;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R1, R3 and R6 with the database stopped at once, frozen, its sessions ended, its connections used up.</summary>
[Collection(FaultCollection.Name)]
public sealed class PostgresFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingIsLostOrDoubledWhateverHappensToTheDatabase()
    {
        var rounds = FaultTier.Runs(4, 40);
        var seed = FaultTier.NewSeed();
        await using var scene = await Scene.StartAsync(seed, Token);
        for (var round = 0; round < rounds; round++)
        {
            using var stop = new CancellationTokenSource();
            var sending = scene.Driver.SendAsync(scene.Server, stop.Token);
            await scene.AcknowledgeMoreAsync(200);
            switch (round % 4)
            {
                case 0:
                    await scene.Database.StopAtOnceAsync();
                    await scene.AcknowledgeMoreAsync(500);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, await scene.AskAsync());
                    await scene.Database.StartAsync(Token);
                    break;
                case 1:
                    await scene.Database.FreezeAsync();
                    await scene.AcknowledgeMoreAsync(500);
                    await scene.Database.ThawAsync();
                    break;
                case 2:
                    for (var i = 0; i < 10; i++)
                    {
                        await scene.Database.TerminateBackendsAsync(Token);
                        await scene.AcknowledgeMoreAsync(50);
                    }

                    break;
                default:
                    await scene.Database.ExecuteAsync("postgres", $"ALTER ROLE {PostgresServer.Role} CONNECTION LIMIT 0", Token);
                    await scene.Database.TerminateBackendsAsync(Token);
                    await scene.AcknowledgeMoreAsync(500);
                    await scene.Database.ExecuteAsync("postgres", $"ALTER ROLE {PostgresServer.Role} CONNECTION LIMIT -1", Token);
                    break;
            }

            await scene.AcknowledgeMoreAsync(200);
            await stop.CancelAsync();
            await sending;
            await Wait.UntilAsync("the database has it all", Patience, scene.HasCaughtUpAsync, Token);
        }

        await Oracle.PassesEndToEndAsync(scene.Server, scene.Driver, Token);
        var verdict = await Oracle.CheckAsync(scene.Server, scene.Driver, scene.Acks, null, Token);

        FaultTier.Report($"R1, R3 on PostgreSQL stopped, frozen, ended sessions, no connections: {rounds} faults, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: rounds * 400);
    }

    [Fact]
    public async Task NothingIsLostOrDoubledWhenServerAndDatabaseAreKilledInTurn()
    {
        var rounds = FaultTier.Runs(4, 40);
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        string[] points = ["store-files-written", "store-published", "engine-before-apply:2", "engine-after-apply:2"];
        await using var scene = await Scene.StartAsync(seed, Token);
        for (var round = 0; round < rounds; round++)
        {
            await scene.RestartAsync(points[round % points.Length], Token);
            using var stop = new CancellationTokenSource();
            var sending = scene.Driver.SendAsync(scene.Server, stop.Token);
            await scene.Server.EndsWithinAsync(TimeSpan.FromMilliseconds(random.Next(2000, 8000)), Token);
            if (round % 2 == 0)
            {
                await scene.Database.StopAtOnceAsync();
                await scene.Server.KillAsync();
                await scene.Database.StartAsync(Token);
            }
            else
            {
                await scene.Server.KillAsync();
            }

            await sending;
        }

        await scene.RestartAsync(null, Token);
        await Oracle.PassesEndToEndAsync(scene.Server, scene.Driver, Token);
        var verdict = await Oracle.CheckAsync(scene.Server, scene.Driver, scene.Acks, null, Token);

        FaultTier.Report($"R1, R3 on PostgreSQL, server killed, in every second round the database too: {rounds} rounds, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: rounds * 50);
    }

    /// <summary>R6: what memory cannot hold while the database is away waits in the journal.</summary>
    [Fact]
    public async Task IngestGoesOnWithoutTheDatabaseBeyondWhatMemoryHolds()
    {
        var seed = FaultTier.NewSeed();
        await using var scene = await Scene.StartAsync(seed, Token, batchSize: 2000);
        await scene.Database.StopAtOnceAsync();
        using var stop = new CancellationTokenSource();
        var sending = scene.Driver.SendAsync(scene.Server, stop.Token);
        await Wait.UntilAsync("records wait in the journal alone", 2 * Patience, scene.ReadsBacklogAsync, Token);
        await scene.AcknowledgeMoreAsync(10_000);
        var refused = scene.Driver.Refusals;
        await stop.CancelAsync();
        await sending;

        await scene.Database.StartAsync(Token);
        var took = await Wait.UntilAsync("the database has it all", 3 * Patience, scene.HasCaughtUpAsync, Token);
        await Oracle.PassesEndToEndAsync(scene.Server, scene.Driver, Token);
        var verdict = await Oracle.CheckAsync(scene.Server, scene.Driver, scene.Acks, null, Token);

        FaultTier.Report($"R6 without the database: caught up {took.TotalSeconds:F1} s after its return, {refused} requests refused, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 10_000);
        Assert.Equal(0, refused);
    }

    [Fact]
    public async Task AlertsOfNewIncidentsGoOutWhileTheDatabaseIsAwayAndOnlyOnce()
    {
        const string Told = "ALERT";
        await using var scene = await Scene.StartAsync(FaultTier.NewSeed(), Token);
        await Oracle.PassesEndToEndAsync(scene.Server, scene.Driver, Token);
        await scene.Database.StopAtOnceAsync();

        for (var i = 0; i < 12; i++)
        {
            var (status, _) = await scene.Server.PostAsync(
                $$"""{"message":"Connection to db:{{5000 + i}} refused","level":"error","service":"payment"}""", "application/json", Token);
            Assert.Equal(HttpStatusCode.Created, status);
        }

        await scene.Server.WaitForOutputAsync(Told, Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await scene.AskAsync());
        await scene.Database.StartAsync(Token);

        await Wait.UntilAsync("the database has it all", Patience, scene.HasCaughtUpAsync, Token);
        await scene.Server.WaitForEventsAsync("type=alert.firing", e => e.Count == 1, Token);
        await Wait.UntilAsync("nothing waits in the outbox", Patience, scene.HasNoAlertsToSendAsync, Token);
        Assert.Equal(2, scene.Server.Output.Split(Told).Length);
    }

    /// <summary>A server, its database, and what is sent to it.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly TempFolder _folder = new();
        private readonly TempFolder _outside = new();
        private string _url = string.Empty;

        private Scene()
        {
        }

        public PostgresServer Database { get; private set; } = null!;

        public ServerProcess Server { get; private set; } = null!;

        public AckJournal Acks { get; private set; } = null!;

        public LoadDriver Driver { get; private set; } = null!;

        public static async Task<Scene> StartAsync(int seed, CancellationToken cancellationToken, int batchSize = 50)
        {
            var database = await PostgresServer.StartNewAsync(cancellationToken);
            var scene = new Scene { Database = database };
            scene._url = await database.NewDatabaseAsync(cancellationToken);
            scene.Acks = new AckJournal(Path.Combine(scene._outside.Path, "acks"));
            scene.Driver = new LoadDriver(seed, scene.Acks, batchSize: batchSize);
            scene.Server = await scene.LaunchAsync(null, cancellationToken);
            return scene;
        }

        /// <param name="point">Where the new life ends.</param>
        public async Task RestartAsync(string? point, CancellationToken cancellationToken)
        {
            await Server.DisposeAsync();
            Server = await LaunchAsync(point, cancellationToken);
        }

        public async Task AcknowledgeMoreAsync(int count)
        {
            var before = Driver.Acknowledged;
            await Wait.UntilAsync($"{count} more events are acknowledged", Patience, () => Task.FromResult(Driver.Acknowledged >= before + count), Token);
        }

        public async Task<HttpStatusCode> AskAsync()
        {
            using var answer = await Server.Http.GetAsync(new Uri("/events?limit=1", UriKind.Relative), Token);
            return answer.StatusCode;
        }

        public async Task<bool> HasCaughtUpAsync()
        {
            var components = (await Server.GetAsync("/health/detailed", Token)).GetProperty("components");
            var storage = components.GetProperty("storage");
            return !storage.GetProperty("reading_backlog").GetBoolean()
                && storage.GetProperty("pending_bytes").GetInt64() == 0
                && components.GetProperty("database").GetProperty("status").GetString() == "ok";
        }

        public async Task<bool> HasNoAlertsToSendAsync() =>
            await Database.ExecuteAsync("test1", "SELECT count(*) = 0 FROM culprit.outbox WHERE state = 0", Token) is true;

        public async Task<bool> ReadsBacklogAsync() =>
            (await Server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("storage").GetProperty("reading_backlog").GetBoolean();

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Database.DisposeAsync();
            Acks.Dispose();
            _folder.Dispose();
            _outside.Dispose();
        }

        private Task<ServerProcess> LaunchAsync(string? point, CancellationToken cancellationToken)
        {
            var environment = new Dictionary<string, string> { ["CULPRIT_STORE"] = _url };
            if (point is not null)
            {
                environment["FAULT_POINT"] = point;
            }

            return ServerProcess.StartAsync(_folder.Path, cancellationToken, environment);
        }
    }
}
