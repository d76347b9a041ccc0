using System.Net;
using System.Text;
using System.Text.Json;
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
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("alert needs mode live", bad.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "from and to")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"from":"yesterday","to":"2100-01-01T00:00:00Z"}""", "from")]
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

    private static async Task<List<JsonElement>> ReplayAsync(ServerProcess server, string request)
    {
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(new Uri("/events/replay", UriKind.Relative), content, Token);
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
