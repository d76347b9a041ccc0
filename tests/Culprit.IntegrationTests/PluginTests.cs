using System.Net;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using ModelContextProtocol.Client;

namespace Culprit.IntegrationTests;

/// <summary>Rules, event types and the sample plug-in inside the real server.</summary>
public sealed class PluginTests
{
    private static string Plugin => Path.Combine(AppContext.BaseDirectory, "OrderWatch.dll");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RulesHandlersAndAlertHandlersOfAPluginWork()
    {
        using var folder = new TempFolder();
        await ConfigureAsync(folder, $"plugins: ['{Plugin}']");
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await RefuseAsync(server, 500 + i)).Status);
        }

        var held = Assert.Single(await server.WaitForEventsAsync("type=shop.held", e => e.Count > 0, Token));
        var alerts = await WaitForLinesAsync(Path.Combine(folder.Path, "orderwatch-alerts.ndjson"));
        var chain = await server.GetAsync($"/events/{held.GetProperty("id").GetString()}/chain", Token);
        var incident = Assert.Single(await server.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token));

        Assert.Equal(3, held.GetProperty("refused").GetInt32());
        Assert.Equal("high", incident.GetProperty("severity").GetString());
        Assert.Contains(alerts, a => a.Contains("alert.firing", StringComparison.Ordinal));
        Assert.Equal(
            ["shop.held", "rule.fired", "order.refused", "order.refused", "order.refused"],
            chain.GetProperty("chain").EnumerateArray().Select(e => e.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task ALookupOfAPluginIsOfferedToModels()
    {
        using var folder = new TempFolder();
        await ConfigureAsync(folder, $"plugins: ['{Plugin}']");
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await using var client = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(server.Http.BaseAddress!, "/mcp"), TransportMode = HttpTransportMode.StreamableHttp }),
            cancellationToken: Token);

        var result = await client.CallToolAsync(
            "get_shop_owner",
            new Dictionary<string, object?> { ["shop"] = "shop", ["environment"] = "production", ["around"] = "2026-03-01T12:00:00Z" },
            cancellationToken: Token);

        Assert.Equal(
            "The team orders looks after shop.",
            result.StructuredContent!.Value.GetProperty("data").GetProperty("findings")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task AnEventThatIsNotAsItsTypeSaysIsRefusedWithTheField()
    {
        using var folder = new TempFolder();
        await ConfigureAsync(folder, "eventTypes: [{type: order.refused, fields: [{name: amount, kind: number, required: true}]}]");
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);

        var (status, json) = await server.PostAsync("""{"type":"order.refused","service":"shop"}""", "application/json", Token);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var error = json.GetProperty("errors")[0];
        Assert.Equal("invalid_event", error.GetProperty("code").GetString());
        Assert.Contains("'amount' is missing", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterAKillARuleCountsOnAndItsFiringIsPublishedOnce()
    {
        using var folder = new TempFolder();
        await ConfigureAsync(folder, $"plugins: ['{Plugin}']");
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await RefuseAsync(first, 500);
            await RefuseAsync(first, 501);
            await first.KillAsync();
        }

        await using (var second = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await RefuseAsync(second, 502);
            await second.WaitForEventsAsync("type=shop.held", e => e.Count == 1, Token);
            await second.KillAsync();
        }

        await using var third = await ServerProcess.StartAsync(folder.Path, Token);
        await RefuseAsync(third, 1);
        await third.WaitForEventsAsync("type=order.refused", e => e.Count == 4, Token);

        Assert.Single(await third.WaitForEventsAsync("type=rule.fired", e => e.Count > 0, Token));
        Assert.Single(await third.WaitForEventsAsync("type=shop.held", e => e.Count > 0, Token));
    }

    [Fact]
    public async Task AnAssemblyThatCannotBeLoadedStopsTheStartAndIsNamed()
    {
        using var folder = new TempFolder();
        await ConfigureAsync(folder, "plugins: [nowhere.dll]");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(folder.Path, Token));

        Assert.Contains(Path.Combine(folder.Path, "nowhere.dll"), error.Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", error.Message, StringComparison.Ordinal);
    }

    private static Task ConfigureAsync(TempFolder folder, string yaml) =>
        File.WriteAllTextAsync(Path.Combine(folder.Path, "culprit.yaml"), yaml, Token);

    private static Task<(HttpStatusCode Status, JsonElement Json)> RefuseAsync(ServerProcess server, int amount) => server.PostAsync(
        $$"""{"type":"order.refused","service":"shop","environment":"production","amount":{{amount}}}""", "application/json", Token);

    private static async Task<string[]> WaitForLinesAsync(string path)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }

        return await File.ReadAllLinesAsync(path, Token);
    }
}
