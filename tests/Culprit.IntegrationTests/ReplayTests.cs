using System.Net;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests;

/// <summary>Stored records played again: a dry run tells, a live one shows marked events, and neither leaves anything behind.</summary>
public sealed class ReplayTests
{
    private const string Range = "\"from\":\"2000-01-01T00:00:00Z\",\"to\":\"2100-01-01T00:00:00Z\"";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADryRunTellsWhatWouldFollowAndALiveOneShowsItMarked()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        for (var i = 0; i < 6; i++)
        {
            await server.PostAsync($$"""{"service":"shop","level":"error","message":"payment {{i}} failed"}""", "application/json", Token);
        }

        await server.WaitForEventsAsync("type=alert.firing", e => e.Count > 0, Token);
        var before = await CountAsync(server);

        var dry = await ReplayAsync(server, $$"""{{{Range}},"types":["log.anomaly"]}""");
        using var stream = await server.Http.GetStreamAsync(new Uri("/events/stream?type=log.entry,log.anomaly", UriKind.Relative), Token);
        using var reader = new StreamReader(stream);
        await ReadUntilAsync(reader, ": connected");
        var live = await ReplayAsync(server, $$"""{{{Range}},"mode":"live"}""");

        var anomaly = Assert.Single(dry, l => l.TryGetProperty("event", out _)).GetProperty("event");
        Assert.True(anomaly.GetProperty("meta").GetProperty("replayed").GetBoolean());
        Assert.Equal(1, dry[^1].GetProperty("done").GetProperty("events").GetProperty("log.anomaly").GetInt64());
        Assert.Equal(6, live[^1].GetProperty("done").GetProperty("records").GetInt64());
        var entry = JsonSerializer.Deserialize<JsonElement>((await ReadUntilAsync(reader, "\"type\":\"log.entry\""))["data: ".Length..]);
        Assert.True(entry.GetProperty("meta").GetProperty("replayed").GetBoolean());
        Assert.Contains("\"replayed\":true", await ReadUntilAsync(reader, "\"type\":\"log.anomaly\""), StringComparison.Ordinal);
        Assert.Equal(before, await CountAsync(server));
    }

    [Fact]
    public async Task TheCommandShowsTheEventsAndTheCount()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await server.PostAsync("""{"service":"shop","message":"hello"}""", "application/json", Token);
        string[] arguments = ["replay", "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z", "--url", server.Http.BaseAddress!.ToString()];

        var run = await CommandRun.ExecuteAsync(null, arguments, Token);
        var bad = await CommandRun.ExecuteAsync(null, [.. arguments, "--alert"], Token);

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("1 records played", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("--alert needs --live", bad.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AlertsAndHandlersAreRepeatedOnlyWhenAskedFor()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "culprit.yaml"), $"plugins: ['{Path.Combine(AppContext.BaseDirectory, "OrderWatch.dll")}']", Token);
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        for (var i = 0; i < 3; i++)
        {
            await server.PostAsync($$"""{"type":"order.refused","service":"shop","environment":"production","amount":{{500 + i}}}""", "application/json", Token);
        }

        await server.WaitForEventsAsync("type=shop.held", e => e.Count == 1, Token);
        using var stream = await server.Http.GetStreamAsync(new Uri("/events/stream?type=rule.fired,shop.held", UriKind.Relative), Token);
        using var reader = new StreamReader(stream);
        await ReadUntilAsync(reader, ": connected");

        await ReplayAsync(server, $$"""{{{Range}},"mode":"live"}""");
        await ReadUntilAsync(reader, "\"type\":\"rule.fired\"");
        var loud = await ReplayAsync(server, $$"""{{{Range}},"mode":"live","alert":true}""");
        var next = await ReadUntilAsync(reader, "data: ");
        var made = await ReadUntilAsync(reader, "data: ");

        Assert.Contains("\"type\":\"rule.fired\"", next, StringComparison.Ordinal); // Else the first replay called the handler.
        Assert.Contains("\"type\":\"shop.held\"", made, StringComparison.Ordinal);
        Assert.Contains("\"replayed\":true", made, StringComparison.Ordinal);
        Assert.Single(await server.WaitForEventsAsync("type=shop.held", _ => true, Token));
        var sent = loud[^1].GetProperty("done").GetProperty("events").EnumerateObject()
            .Where(c => c.Name.StartsWith("alert.", StringComparison.Ordinal)).Sum(c => c.Value.GetInt32());
        Assert.True(sent > 0);
        Assert.Equal(sent, await CountReplayedAlertsAsync(folder, sent));
    }

    /// <remarks>Between records an hour apart lie 15 minutes of ticks: this replay would take many minutes.</remarks>
    [Fact]
    public async Task OneReplayRunsAtATimeAndEndsWhenItsReaderLeaves()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        var start = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await server.PostAsync(
            string.Join('\n', Enumerable.Range(0, 40_000).Select(i => $$"""{"service":"shop","timestamp":"{{start.AddHours(i):O}}","message":"m"}""")),
            "application/x-ndjson",
            Token);
        await server.WaitForEventsAsync("type=log.entry&limit=1&order=asc", e => e.Count == 1, Token);

        var first = await PostAsync(server, $"{{{Range}}}");
        using var second = await PostAsync(server, $"{{{Range}}}");
        var told = JsonSerializer.Deserialize<JsonElement>(await second.Content.ReadAsStringAsync(Token));
        first.Dispose();

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Contains("one at a time", told.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await Wait.UntilAsync(
            "the next replay may begin",
            TimeSpan.FromSeconds(30),
            async () =>
            {
                using var third = await PostAsync(server, """{"from":"2020-01-01T00:00:00Z","to":"2020-01-01T00:30:00Z"}""");
                return third.StatusCode == HttpStatusCode.OK;
            },
            Token);
    }

    [Theory]
    [InlineData("{}", "from and to")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"from":"yesterday","to":"2100-01-01T00:00:00Z"}""", "from 'yesterday' is not a time in ISO 8601")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":5}""", "to '5' is not a time")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","mode":"live","alert":"yes"}""", "alert 'yes' is not true or false")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","types":[]}""", "1 to 32 types")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","alert":true}""", "alert needs mode live")]
    [InlineData("""{"from":"2100-01-01T00:00:00Z","to":"2000-01-01T00:00:00Z"}""", "later")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","mode":"wet"}""", "dry_run or live")]
    [InlineData("""{"from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","dry":true}""", "dry")]
    public void ABadRequestIsToldWhatIsAllowed(string body, string detail)
    {
        var (request, problem) = Server.Replaying.ReplayRequest.Read(Encoding.UTF8.GetBytes(body));

        Assert.Null(request);
        Assert.Equal(400, problem?.Status);
        Assert.Contains(detail, problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATypeOfWhichNoEventCanFollowIsRefusedWithTheListOfAll()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "culprit.yaml"),
            "rules:\n  - name: big\n    on: [order.refused]\n    emit: {type: shop.big, fields: {who: '{service}'}}\n",
            Token);
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);

        using var bad = await PostAsync(server, $$"""{{{Range}},"types":["log.anomaly","log.anomoly"]}""");
        var told = JsonSerializer.Deserialize<JsonElement>(await bad.Content.ReadAsStringAsync(Token)).GetProperty("detail").GetString();
        var good = await ReplayAsync(server, $$"""{{{Range}},"types":["shop.big","rule.fired","incident.reopened"]}""");

        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Contains("log.anomoly", told, StringComparison.Ordinal);
        Assert.Contains("log.anomaly, log.root_cause", told, StringComparison.Ordinal);
        Assert.Contains("rule.fired, shop.big.", told, StringComparison.Ordinal);
        Assert.Single(good);
    }

    /// <summary>The answer's head; its body is still to come.</summary>
    private static async Task<HttpResponseMessage> PostAsync(ServerProcess server, string request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri("/events/replay", UriKind.Relative));
        message.Content = new StringContent(request, Encoding.UTF8, "application/json");
        return await server.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Token);
    }

    private static async Task<int> CountReplayedAlertsAsync(TempFolder folder, int atLeast)
    {
        var path = Path.Combine(folder.Path, "orderwatch-alerts.ndjson");
        var count = 0;
        await Wait.UntilAsync(
            "the replayed alerts arrive",
            TimeSpan.FromSeconds(60),
            async () => File.Exists(path)
                && (count = (await File.ReadAllLinesAsync(path, Token)).Count(l => l.Contains("\"replayed\":true", StringComparison.Ordinal))) >= atLeast,
            Token);
        return count;
    }

    private static async Task<List<JsonElement>> ReplayAsync(ServerProcess server, string request)
    {
        using var response = await PostAsync(server, request);
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<JsonElement>(l))];
    }

    private static async Task<(int Entries, int Incidents, int Alerts)> CountAsync(ServerProcess server) => (
        (await server.WaitForEventsAsync("type=log.entry&limit=1000", _ => true, Token)).Count,
        (await server.WaitForEventsAsync("type=incident.opened&limit=1000", _ => true, Token)).Count,
        (await server.WaitForEventsAsync("type=alert.firing&limit=1000", _ => true, Token)).Count);

    private static async Task<string> ReadUntilAsync(StreamReader reader, string text)
    {
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The stream ended without {text}.");
    }
}
