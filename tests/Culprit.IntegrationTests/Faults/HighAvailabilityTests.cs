using System.Globalization;
using System.Net;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>Two servers on one database: whichever dies, and however, the other goes on with the same incidents, and no event counts twice.</summary>
[Collection(FaultCollection.Name)]
public sealed class HighAvailabilityTests
{
    private const int ErrorsEach = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Where a server dies: around a shipment's commit and the engine's output with every change, everywhere in the large tier.</summary>
    public static TheoryData<string> Points => FaultTier.IsLarge
        ? ["journal-before-ack:60", "ship-before-commit:40", "ship-after-commit:40", "store-files-written:2", "engine-after-apply:15"]
        : ["ship-after-commit:40", "engine-after-apply:15"];

    [Fact]
    public async Task TheStandbyTakesOverInTheMiddleOfAStormWithTheSameIncidents()
    {
        const int Bursts = 10;
        var seed = FaultTier.NewSeed();
        using var folder = new TempFolder();
        await using var alone = await ServerProcess.StartAsync(folder.Path, Token);
        await using var pair = await ServerPair.StartAsync(seed, Token);
        pair.BeginSending();
        await pair.AcknowledgeMoreAsync(200, Token);
        var took = TimeSpan.Zero;

        for (var burst = 0; burst < Bursts; burst++)
        {
            var errors = Errors(burst);
            await SendAsync([alone], 0, errors);
            await SendAsync(pair.Servers, burst, errors);
            if (burst == Bursts / 2)
            {
                await pair.Servers[0].KillAsync();
                took = await pair.ActiveWithinAsync(1, ServerPair.TakeoverLimit, Token);
            }
        }

        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.RestartAsync(0, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.EndSendingAsync();
        await pair.SettleAsync(active: 1, Token);

        var expected = await IdsAsync(alone, "incident.opened", Bursts);
        Assert.Equal(expected, await IdsAsync(pair.Servers[1], "incident.opened", Bursts));
        var alerts = await IdsAsync(alone, "alert.firing", Bursts);
        Assert.Equal(alerts, await IdsAsync(pair.Servers[1], "alert.firing", Bursts));
        await Wait.UntilAsync("every alert arrived", Patience, () => Task.FromResult(pair.Alerted("alert.firing").Count >= Bursts), Token);
        Assert.Equal(alerts, pair.Alerted("alert.firing"));
        Assert.Contains("no longer answers", pair.Servers[1].Output, StringComparison.Ordinal);
        var verdict = await CheckAsync(pair, 1, seed);

        // The errors of the bursts are none of the driver's; each is there once.
        Assert.Equal(Bursts * ErrorsEach, verdict.Foreign);
        verdict.Foreign = 0;
        FaultTier.Report($"take-over after kill -9 in {took.TotalSeconds:F1} s, {Bursts} incidents as without, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 600);
    }

    /// <summary>What was journaled, shipped or neither when the server died; and a sender that got no answer sends to the other.</summary>
    [Theory]
    [MemberData(nameof(Points))]
    public async Task NothingIsLostOrDoubledWhereverTheActiveServerDies(string point)
    {
        var seed = FaultTier.NewSeed();
        await using var pair = await ServerPair.StartAsync(seed, Token, point);
        pair.BeginSending();

        Assert.True(await pair.Servers[0].EndsWithinAsync(Patience, Token), "the fault point was not met");
        var took = await pair.ActiveWithinAsync(1, ServerPair.TakeoverLimit, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.RestartAsync(0, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.EndSendingAsync();
        await pair.SettleAsync(active: 1, Token);
        var verdict = await CheckAsync(pair, 1, seed);

        FaultTier.Report($"take-over after {point} in {took.TotalSeconds:F1} s, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 400);
    }

    [Fact]
    public async Task AFrozenServerIsReplacedAndWritesNothingWhenItWakesUp()
    {
        var seed = FaultTier.NewSeed();
        await using var pair = await ServerPair.StartAsync(seed, Token);
        pair.BeginSending();
        await pair.AcknowledgeMoreAsync(400, Token);

        pair.Freeze(0);
        var took = await pair.ActiveWithinAsync(1, ServerPair.TakeoverLimit, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        pair.Thaw(0);

        Assert.True(await pair.Servers[0].EndsWithinAsync(Patience, Token), "it was not replaced: " + pair.Servers[0].Output);
        Assert.Equal(1, pair.Servers[0].ExitCode);
        Assert.Contains("was replaced and ends", pair.Servers[0].Output, StringComparison.Ordinal);
        await pair.RestartAsync(0, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.EndSendingAsync();
        await pair.SettleAsync(active: 1, Token);
        Assert.Equal("standby", (await pair.Servers[0].GetAsync("/health", Token)).GetProperty("role").GetString());
        Assert.Equal(2, await pair.EpochAsync(Token));
        var verdict = await CheckAsync(pair, 1, seed);

        FaultTier.Report($"take-over from a frozen server in {took.TotalSeconds:F1} s, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 800);
    }

    [Fact]
    public async Task ARestartOfTheDatabaseReplacesNobody()
    {
        var seed = FaultTier.NewSeed();
        await using var pair = await ServerPair.StartAsync(seed, Token);
        pair.BeginSending();
        await pair.AcknowledgeMoreAsync(200, Token);

        await pair.Database.StopAtOnceAsync();
        await pair.AcknowledgeMoreAsync(1000, Token);
        await pair.Database.StartAsync(Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.EndSendingAsync();
        await pair.SettleAsync(active: 0, Token);
        var verdict = await CheckAsync(pair, 0, seed);

        FaultTier.Report($"the database restarted under two servers, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 1400);
        Assert.Equal(1, await pair.EpochAsync(Token));
    }

    [Fact]
    public async Task ACleanStopHandsOverAtOnceAndBothComeBackAfterAKill()
    {
        // Less than a dead server is waited for.
        var atOnce = TimeSpan.FromSeconds(5);
        var seed = FaultTier.NewSeed();
        await using var pair = await ServerPair.StartAsync(seed, Token);
        pair.BeginSending();
        await pair.AcknowledgeMoreAsync(200, Token);

        Assert.Equal(0, await pair.Servers[0].StopAsync());
        var took = await pair.ActiveWithinAsync(1, atOnce, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.Servers[1].KillAsync();
        await pair.EndSendingAsync();
        await pair.RestartAsync(0, Token);
        await pair.RestartAsync(1, Token);
        pair.BeginSending();
        await pair.ActiveWithinAsync(0, Patience, Token);
        await pair.AcknowledgeMoreAsync(200, Token);
        await pair.EndSendingAsync();
        await pair.SettleAsync(active: 0, Token);
        var verdict = await CheckAsync(pair, 0, seed);

        FaultTier.Report($"hand-over by SIGTERM in {took.TotalSeconds:F1} s, then both away, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 600);
    }

    /// <summary>Every record, asked of the active server.</summary>
    private static Task<Verdict> CheckAsync(ServerPair pair, int active, int seed)
    {
        Assert.Equal(seed, pair.Driver.Seed);
        return Oracle.CheckAsync(pair.Servers[active], pair.Driver, pair.Acks, null, Token);
    }

    /// <summary>Twelve errors at one moment in an environment of their own: one incident.</summary>
    private static string Errors(int burst)
    {
        var at = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        return string.Join('\n', Enumerable.Range(0, ErrorsEach).Select(i => JsonSerializer.Serialize(new
        {
            id = $"burst-{burst}-{i}",
            timestamp = at,
            message = $"Connection to db:{5000 + i} refused",
            level = "error",
            service = "payment",
            environment = $"env-{burst}",
        })));
    }

    /// <summary>To the server at a place; to the next one, when there is no answer.</summary>
    private static async Task SendAsync(ServerProcess[] servers, int first, string lines)
    {
        for (var at = first; ; at++)
        {
            try
            {
                var (status, answer) = await servers[at % servers.Length].PostAsync(lines, "application/x-ndjson", Token);
                Assert.True(status == HttpStatusCode.OK, answer.ToString());
                return;
            }
            catch (HttpRequestException) when (at < first + 10)
            {
            }
        }
    }

    private static async Task<SortedSet<string>> IdsAsync(ServerProcess server, string type, int count) =>
        [.. (await server.WaitForEventsAsync($"type={type}&limit=100", e => e.Count(IsOfBurst) >= count, Token)).Where(IsOfBurst).Select(e => e.GetProperty("id").GetString()!)];

    private static bool IsOfBurst(JsonElement derived) => derived.GetProperty("environment").GetString()!.StartsWith("env-", StringComparison.Ordinal);
}
