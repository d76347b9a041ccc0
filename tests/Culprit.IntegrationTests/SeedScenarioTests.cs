using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests;

/// <summary>What SEED.md promises, against the real binary.</summary>
public class SeedScenarioTests
{
    private const string InfoBody = """
        {
            "type": "log.entry",
            "source": "fluentd:api-gateway-prod",
            "service": "api-gateway",
            "environment": "production",
            "level": "info",
            "message": "Request processed successfully"
          }
        """;

    private const string ErrorBody = """
        {
            "type": "log.entry",
            "source": "fluentd:user-service-prod",
            "service": "user-service",
            "environment": "production",
            "level": "error",
            "message": "Database connection timeout",
            "context": {"error_type": "ConnectionError"}
          }
        """;

    private const string Dependencies = """
        serviceDependencies:
          api-gateway: [user-service, auth-service]
          user-service: [postgres, redis]
          auth-service: [redis]
        """;

    private static readonly (string Service, string Message)[] Flow =
    [
        ("api-gateway", "Upstream timeout"),
        ("user-service", "DB connection refused"),
        ("auth-service", "Redis unavailable"),
        ("user-service", "Query failed"),
        ("payment-service", "Transaction timeout"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BothRequestsOfTheSeedWorkAndTheSameErrorFiveTimesIsExplained()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);

        var (infoStatus, info) = await server.PostAsync(InfoBody, "application/json", Token);
        var answers = new List<JsonElement>();
        for (var i = 0; i < 5; i++)
        {
            answers.Add((await server.PostAsync(ErrorBody, "application/json", Token)).Json);
        }

        var causes = await server.WaitForEventsAsync("type=log.root_cause", e => e.Count > 0, Token);
        var errors = await server.WaitForEventsAsync("type=log.error", e => e.Count > 0, Token);
        var anomaly = Assert.Single(await server.WaitForEventsAsync("type=log.anomaly", e => e.Count > 0, Token));
        await server.WaitForOutputAsync("ALERT", Token);
        var entry = await server.GetAsync("/events/" + info.GetProperty("id").GetString(), Token);

        Assert.Equal(HttpStatusCode.Created, infoStatus);
        Assert.Equal("published", info.GetProperty("status").GetString());
        Assert.Equal("Request processed successfully", entry.GetProperty("message").GetString());
        Assert.Equal(5, answers.Select(a => a.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal("ConnectionError", Assert.Single(errors).GetProperty("error_type").GetString());
        Assert.Equal(5, anomaly.GetProperty("error_count").GetInt32());
        Assert.Equal("connection_failure", anomaly.GetProperty("anomaly_type").GetString());
        Assert.NotEmpty(causes[^1].GetProperty("recommended_action").GetString()!);
        Assert.Contains("user-service", causes[^1].GetProperty("root_cause").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFiveServiceFlowIsFollowedLiveAndItsChainLeadsBackToTheEntries()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "culprit.yaml"), Dependencies, Token);
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await using var stream = await server.Http.GetStreamAsync(
            new Uri("/events/stream?type=log.error,log.anomaly,log.root_cause", UriKind.Relative), Token);
        var live = SseParser.Create(stream).EnumerateAsync(Token).GetAsyncEnumerator(Token);

        await SendFlowAsync(server, TimeProvider.System.GetUtcNow());
        var types = new List<string>();
        while (!types.Contains("log.root_cause") && await live.MoveNextAsync())
        {
            using var json = JsonDocument.Parse(live.Current.Data);
            types.Add(json.RootElement.GetProperty("type").GetString()!);
        }

        var cause = (await server.WaitForEventsAsync("type=log.root_cause&order=asc", e => e.Count > 0, Token))[0];
        var chain = await server.GetAsync($"/events/{cause.GetProperty("id").GetString()}/chain", Token);
        await live.DisposeAsync();

        Assert.Equal(5, types.Count(t => t == "log.error"));
        Assert.Contains("log.anomaly", types);
        var links = chain.GetProperty("chain").EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToList();
        Assert.Equal("log.root_cause", links[0]);
        Assert.Equal("log.anomaly", links[1]);
        Assert.Equal(5, links.Count(t => t == "log.error"));
        Assert.Equal(5, links.Count(t => t == "log.entry"));
        Assert.Contains(cause.GetProperty("hypotheses")[0].GetProperty("service").GetString(), (string[])["postgres", "redis", "user-service"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARestartInTheMiddleGivesTheSameIncident(bool killed)
    {
        var start = TimeProvider.System.GetUtcNow();
        using var undisturbed = new TempFolder();
        using var disturbed = new TempFolder();
        await using var reference = await ServerProcess.StartAsync(undisturbed.Path, Token);
        await SendFlowAsync(reference, start);
        var expected = await IdsAsync(reference);

        await using (var first = await ServerProcess.StartAsync(disturbed.Path, Token))
        {
            await SendFlowAsync(first, start, 0, 3);
            if (killed)
            {
                await first.KillAsync();
            }
            else
            {
                Assert.Equal(0, await first.StopAsync());
            }
        }

        await using var second = await ServerProcess.StartAsync(disturbed.Path, Token);
        await SendFlowAsync(second, start, 3, 5);
        var actual = await IdsAsync(second);
        var entries = await second.WaitForEventsAsync("type=log.entry", e => e.Count == 5, Token);

        Assert.Equal(expected, actual);
        Assert.Equal(Flow.Select(f => f.Message), entries.Select(e => e.GetProperty("message").GetString()).Reverse());
    }

    [Fact]
    public async Task EverythingSurvivesARestart()
    {
        using var folder = new TempFolder();
        IReadOnlyList<string> before;
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await SendFlowAsync(first, TimeProvider.System.GetUtcNow());
            before = await IdsAsync(first);
            await first.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(folder.Path, Token);

        Assert.Equal(before, await IdsAsync(second));
        Assert.Equal(5, (await second.WaitForEventsAsync("type=log.entry", e => e.Count >= 5, Token)).Count);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.95)]
    public async Task DamageInTheJournalIsSaidAndTheServerStarts(double place)
    {
        using var folder = new TempFolder();
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await SendFlowAsync(first, TimeProvider.System.GetUtcNow());
            await first.KillAsync();
        }

        var segment = Directory.GetFiles(Path.Combine(folder.Path, "journal"), "*.wal").Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(segment, Token);
        bytes.AsSpan((int)(bytes.Length * place), 4).Fill(0x55);
        await File.WriteAllBytesAsync(segment, bytes, Token);

        await using var second = await ServerProcess.StartAsync(folder.Path, Token);
        var answer = await second.PostAsync(InfoBody, "application/json", Token);
        var found = await second.GetAsync("/events/" + answer.Json.GetProperty("id").GetString(), Token);

        Assert.Equal("Request processed successfully", found.GetProperty("message").GetString());
    }

    private static async Task SendFlowAsync(ServerProcess server, DateTimeOffset start, int from = 0, int to = 5)
    {
        for (var i = from; i < to; i++)
        {
            var body = JsonSerializer.Serialize(new
            {
                type = "log.entry",
                id = $"flow-{i}",
                source = $"{Flow[i].Service}-prod",
                timestamp = start.AddMilliseconds(i * 200),
                service = Flow[i].Service,
                environment = "production",
                level = "error",
                message = Flow[i].Message,
            });
            var (status, _) = await server.PostAsync(body, "application/json", Token);
            Assert.Equal(HttpStatusCode.Created, status);
        }
    }

    /// <summary>Ids of the anomaly, of the incident's opening and of its first explanation.</summary>
    private static async Task<IReadOnlyList<string>> IdsAsync(ServerProcess server)
    {
        var anomalies = await server.WaitForEventsAsync("type=log.anomaly", e => e.Count > 0, Token);
        var incidents = await server.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token);
        var causes = await server.WaitForEventsAsync("type=log.root_cause&order=asc", e => e.Count > 0, Token);
        return [.. ((JsonElement[])[Assert.Single(anomalies), Assert.Single(incidents), causes[0]]).Select(e => e.GetProperty("id").GetString()!)];
    }
}
