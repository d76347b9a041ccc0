using System.Net;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.HighAvailability;

/// <summary>What the standby takes, answers and refuses, and which servers may run on which database.</summary>
public sealed class StandbyTests(SharedPostgres postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheStandbyTakesEventsAnswersFromTheDatabaseAndNamesTheActiveServer()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        await using var active = await StartAsync(folder.Path, url);
        await IsAsync(active, "active");
        await using var standby = await StartAsync(other.Path, url);

        var id = await PublishAsync(standby, """{"message":"from the standby","service":"web"}""");

        await FoundAsync(active, id);
        await FoundAsync(standby, id);
        var counts = await standby.GetAsync("/events/counts?by=service&type=log.entry", Token);
        Assert.Equal(1, counts.GetProperty("counts").EnumerateArray().Single().GetProperty("count").GetInt64());
        var health = await standby.GetAsync("/health", Token);
        var name = (await active.GetAsync("/health", Token)).GetProperty("active").GetString()!;
        Assert.Equal(("standby", name), (health.GetProperty("role").GetString(), health.GetProperty("active").GetString()));
        foreach (var path in (string[])["/services", "/topology", "/events/stream"])
        {
            using var answer = await standby.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains(JsonEncodedText.Encode(name).ToString(), await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
            using var here = await active.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
            Assert.Equal(HttpStatusCode.OK, here.StatusCode);
        }

        var metrics = await active.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token);
        Assert.Contains("culprit_ha_active 1", metrics, StringComparison.Ordinal);
        using var ready = await standby.Http.GetAsync(new Uri("/ready", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task WhatIsSentAgainToTheOtherServerCountsOnce()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        await using var active = await StartAsync(folder.Path, url);
        await IsAsync(active, "active");
        await using var standby = await StartAsync(other.Path, url);
        const string Named = """{"id":"named","message":"with an id","service":"named"}""";
        const string Keyed = """{"message":"with a key","service":"keyed"}""";

        // At the same time: neither knows yet what the other has.
        await Task.WhenAll(PublishAsync(active, Named), PublishAsync(standby, Named), PublishAsync(active, Keyed, "k1"), PublishAsync(standby, Keyed, "k1"));
        var last = await PublishAsync(standby, """{"message":"the last","service":"web"}""");
        await FoundAsync(active, last);

        Assert.Equal(1, await CountAsync(active, "named"));
        Assert.Equal(1, await CountAsync(active, "keyed"));
        // By now the answer is known, too.
        var again = await PublishAsync(active, Keyed, "k2");
        await FoundAsync(active, await PublishAsync(active, """{"message":"the very last","service":"web"}"""));
        var end = await NumberAsync(active, "log_last_sequence");
        await Wait.UntilAsync("the other has followed", Patience, async () => await NumberAsync(standby, "followed_sequence") >= end, Token);
        Assert.Equal(again, await PublishAsync(standby, Keyed, "k2"));
    }

    [Fact]
    public async Task AKeyOfARequestWithoutAnAnswerCountsOnceWhenTheDeadServerComesBack()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        await using var standby = await StartAsync(other.Path, url);
        await IsAsync(standby, "active");
        const string Keyed = """{"message":"with a key","service":"keyed"}""";
        await using (var dying = await StartAsync(folder.Path, url, "journal-before-ack:2"))
        {
            // The first entry is the tick of the start, or this one: at the second the server dies.
            await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
            {
                for (var i = 0; i < 5; i++)
                {
                    await PublishAsync(dying, Keyed, $"k{i}");
                }
            });
        }

        for (var i = 0; i < 5; i++)
        {
            await PublishAsync(standby, Keyed, $"k{i}");
        }

        await using var back = await StartAsync(folder.Path, url);
        await Wait.UntilAsync("it has shipped what it had", Patience, () => HasShippedAsync(back), Token);
        await FoundAsync(standby, await PublishAsync(standby, """{"message":"the last","service":"web"}"""));

        Assert.Equal(5, await CountAsync(standby, "keyed"));
    }

    [Fact]
    public async Task AServerThatSharesWithNobodyAndTwoThatShareKeepApart()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        string id;
        await using (var alone = await ServerProcess.StartAsync(folder.Path, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url }))
        {
            id = await PublishAsync(alone, """{"message":"alone","service":"web"}""");
            Assert.Contains("without highAvailability", (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(other.Path, url))).Message, StringComparison.Ordinal);
            await alone.KillAsync();
        }

        Assert.Contains("start this server once without", (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(folder.Path, url))).Message, StringComparison.Ordinal);
        await using (var again = await ServerProcess.StartAsync(folder.Path, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url }))
        {
            Assert.Equal(0, await again.StopAsync());
        }

        await using (var shared = await StartAsync(folder.Path, url))
        {
            await IsAsync(shared, "active");
            await FoundAsync(shared, id);
            id = await PublishAsync(shared, """{"message":"together","service":"web"}""");
            await FoundAsync(shared, id);
            await shared.KillAsync();
        }

        Assert.Contains(
            "start this server with highAvailability",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(folder.Path, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url }))).Message,
            StringComparison.Ordinal);
        await using (var shared = await StartAsync(folder.Path, url))
        {
            await IsAsync(shared, "active");
            Assert.Equal(0, await shared.StopAsync());
        }

        await using var atLast = await ServerProcess.StartAsync(folder.Path, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url });
        await FoundAsync(atLast, id);
    }

    private static Task<ServerProcess> StartAsync(string folder, string url, string? point = null) => ServerProcess.StartAsync(
        folder, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url, ["CULPRIT_highAvailability"] = "true", ["FAULT_POINT"] = point ?? "" });

    private static Task IsAsync(ServerProcess server, string role) => Wait.UntilAsync(
        $"it is {role}", Patience, async () => (await server.GetAsync("/health", Token)).GetProperty("role").GetString() == role, Token);

    /// <summary>The id of the answer.</summary>
    private static async Task<string> PublishAsync(ServerProcess server, string json, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/events") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await server.Http.SendAsync(request, Token);
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.Created, text);
        using var answer = JsonDocument.Parse(text);
        return answer.RootElement.GetProperty("id").GetString()!;
    }

    private static Task FoundAsync(ServerProcess server, string id) => Wait.UntilAsync(
        $"{id} is found",
        Patience,
        async () =>
        {
            using var answer = await server.Http.GetAsync(new Uri("/events/" + id, UriKind.Relative), Token);
            return answer.StatusCode == HttpStatusCode.OK;
        },
        Token);

    private static async Task<int> CountAsync(ServerProcess server, string service) =>
        (await server.GetAsync($"/events?type=log.entry&service={service}", Token)).GetProperty("events").GetArrayLength();

    private static async Task<bool> HasShippedAsync(ServerProcess server) =>
        await NumberAsync(server, "unshipped") == 0 && await NumberAsync(server, "shipped_sequence") > 0;

    private static async Task<long> NumberAsync(ServerProcess server, string name) =>
        (await server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("high_availability").GetProperty(name).GetInt64();
}
