using System.Net;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Storage;

/// <summary><c>culprit serve --store postgres://…</c>: everything as with the embedded stores.</summary>
public sealed class PostgresServeTests(SharedPostgres postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EventsIncidentsFeedbackAndLettersLiveInTheDatabase()
    {
        using var folder = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        string incident;
        await using (var server = await StartAsync(folder.Path, url))
        {
            await SendErrorsAsync(server, 12);
            var causes = await server.WaitForEventsAsync("type=log.root_cause", e => e.Count > 0, Token);
            incident = causes[0].GetProperty("incident_id").GetString()!;
            await server.WaitForEventsAsync("type=alert.firing", e => e.Count > 0, Token);
            await Wait.UntilAsync("the console has taken the alert", TimeSpan.FromSeconds(30), () => IsDeliveredAsync(url), Token);

            Assert.Equal(12, (await FindAsync(server, "type=log.entry&service=payment&text=refused")).Count);
            Assert.Equal(HttpStatusCode.Created, await PostAsync(server, $"/incidents/{incident}/feedback", """{"verdict":"reject"}"""));
            Assert.Equal(0, await server.StopAsync());
            MustNotTell(server.Output);
        }

        Assert.False(File.Exists(Path.Combine(folder.Path, "state.db")));
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "segments")));
        await using var again = await StartAsync(folder.Path, url);

        Assert.Equal(12, (await FindAsync(again, "type=log.entry&service=payment")).Count);
        Assert.Equal(incident, (await FindAsync(again, "type=log.root_cause"))[0].GetProperty("incident_id").GetString());
        Assert.Single((await again.GetAsync($"/incidents/{incident}/feedback", Token)).GetProperty("feedback").EnumerateArray());
        var counts = await again.GetAsync("/events/counts?by=service,level&type=log.entry", Token);
        Assert.Equal(12, counts.GetProperty("counts").EnumerateArray().Single().GetProperty("count").GetInt64());
        Assert.Empty((await again.GetAsync("/events/dlq", Token)).GetProperty("dead_letters").EnumerateArray());
        var health = await again.GetAsync("/health/detailed", Token);
        Assert.Equal("ok", health.GetProperty("components").GetProperty("database").GetProperty("status").GetString());
        MustNotTell(health.ToString() + await again.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token));
    }

    [Fact]
    public async Task ASecondServerOnTheSameDatabaseIsRefusedAndTheFirstGoesOn()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var url = await postgres.NewDatabaseAsync(Token);
        await using var first = await StartAsync(folder.Path, url);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(other.Path, url));

        Assert.Contains("Another Culprit (", refusal.Message, StringComparison.Ordinal);
        MustNotTell(refusal.Message);
        await SendErrorsAsync(first, 1);
        await first.KillAsync();
        await using var second = await StartAsync(other.Path, url);
        await SendErrorsAsync(second, 1);
    }

    [Theory]
    [InlineData("postgres://u:hush-hush@127.0.0.1:1/x", "does not answer")]
    [InlineData("postgres://u:hush-hush@127.0.0.1/x?nonsense=hush-hush", "store: the value (not repeated here")]
    public async Task AStoreThatCannotBeUsedIsSaidInALineWithoutItsPassword(string url, string expected)
    {
        using var folder = new TempFolder();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(folder.Path, url));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refusal.Message, StringComparison.Ordinal);
    }

    // By the environment, as the documentation advises.
    private static Task<ServerProcess> StartAsync(string folder, string url) =>
        ServerProcess.StartAsync(folder, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url });

    private async Task<bool> IsDeliveredAsync(string url) =>
        await (await postgres.ServerAsync(Token)).ExecuteAsync(
            new Uri(url).AbsolutePath[1..], "SELECT count(*) > 0 FROM culprit.outbox WHERE state = 1", Token) is true;

    private static async Task SendErrorsAsync(ServerProcess server, int count)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            lines.AppendLine(JsonSerializer.Serialize(new { message = $"Connection to db:{5000 + i} refused", level = "error", service = "payment" }));
        }

        var (status, answer) = await server.PostAsync(lines.ToString(), "application/x-ndjson", Token);
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
    }

    private static async Task<HttpStatusCode> PostAsync(ServerProcess server, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        return response.StatusCode;
    }

    private static async Task<List<JsonElement>> FindAsync(ServerProcess server, string query) =>
        [.. (await server.GetAsync("/events?" + query, Token)).GetProperty("events").EnumerateArray()];

    private static void MustNotTell(string text)
    {
        Assert.DoesNotContain(PostgresServer.Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(PostgresServer.Password), text, StringComparison.Ordinal);
    }
}
