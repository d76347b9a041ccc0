using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Analyst;

/// <summary>A real server with a model behind it, from errors to the explained alert.</summary>
public class ExplainedIncidentTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnIncidentIsExplainedAfterItsAlertAndWhoWasToldIsToldThatToo()
    {
        await using var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Answer(
            "c1", "user-service is refused its database connection.",
            ("user-service logs that its database connection is refused", AnalystScene.EvidenceId(request, "atabase connection")))));
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, model.OpenAiUrl);
        await FailAsync(server);

        var analysis = Assert.Single(await server.WaitForEventsAsync("type=log.analysis", e => e.Count > 0, Token));
        var updated = (await server.WaitForEventsAsync("type=alert.updated", e => e.Any(IsExplained), Token)).Single(IsExplained);
        await server.WaitForOutputAsync("explanation", Token);

        Assert.Equal("openai:test", Text(analysis, "model"));
        Assert.Equal(JsonValueKind.Null, analysis.GetProperty("failure").ValueKind);
        Assert.Equal(1, analysis.GetProperty("claims").GetArrayLength());
        Assert.True(analysis.GetProperty("transcript").GetArrayLength() >= 3);
        Assert.Contains("openai:test blames", Text(updated, "explanation"), StringComparison.Ordinal);
        var firing = Assert.Single(await server.WaitForEventsAsync("type=alert.firing", e => e.Count > 0, Token));
        Assert.True(firing.GetProperty("timestamp").GetDateTimeOffset() < analysis.GetProperty("timestamp").GetDateTimeOffset());
        Assert.Equal(Text(firing, "severity"), Text(updated, "severity"));
        var report = await server.Http.GetStringAsync(new Uri($"/incidents/{Text(analysis, "incident_id")}/report?format=md", UriKind.Relative), Token);
        Assert.Contains(@"## Explained by openai\:test", report, StringComparison.Ordinal);
        Assert.Contains("1000 tokens sent, 100 received", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AModelThatIsDownCostsTheAlertNothingAndTheReportSaysSo()
    {
        await using var model = await ModelServer.StartAsync(new Move.Refuse(401));
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, model.OpenAiUrl);
        await FailAsync(server);

        Assert.NotEmpty(await server.WaitForEventsAsync("type=alert.firing", e => e.Count > 0, Token));
        var analysis = Assert.Single(await server.WaitForEventsAsync("type=log.analysis", e => e.Count > 0, Token));

        Assert.Equal("the model's endpoint refused the key", Text(analysis, "failure"));
        var report = await server.Http.GetStringAsync(new Uri($"/incidents/{Text(analysis, "incident_id")}/report?format=md", UriKind.Relative), Token);
        Assert.Contains("Not explained: the model", report, StringComparison.Ordinal);
        Assert.DoesNotContain(await server.WaitForEventsAsync("type=alert.firing,alert.updated", e => e.Count > 0, Token), IsExplained);
    }

    [Fact]
    public async Task WhatWasAskedBeforeARestartIsNotAskedAgain()
    {
        await using var model = await ModelServer.StartAsync(new Move.Refuse(401));
        using var folder = new TempFolder();
        await using (var first = await StartAsync(folder, model.OpenAiUrl))
        {
            await FailAsync(first);
            await first.WaitForEventsAsync("type=log.analysis", e => e.Count == 1, Token);
            await first.StopAsync();
        }

        // The worker takes things in turn: what it remembers wrongly would come before what is new.
        await using var second = await StartAsync(folder, model.OpenAiUrl);
        await FailAsync(second, "staging");
        await second.WaitForEventsAsync("type=log.analysis&environment=staging", e => e.Count == 1, Token);

        Assert.Equal(2, model.Requests.Count);
    }

    [Fact]
    public async Task ToolsOfAServerThatTheOperatorListsAreUsedAndOneThatIsDownCostsNothing()
    {
        using var otherFolder = new TempFolder();
        await using var other = await ServerProcess.StartAsync(otherFolder.Path, Token);
        await FailAsync(other, "elsewhere");
        await other.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token);
        await using var model = await ModelServer.StartAsync((request, number) => number == 0
            ? new Move.Call("other_list_incidents", """{"environment":"elsewhere"}""")
            : new Move.Say(AnalystScene.Answer("unknown", "", AnalystScene.Evidence(request, "elsewhere"))));
        using var folder = new TempFolder();
        await using var server = await StartAsync(
            folder, model.OpenAiUrl, $"  toolServers:\n    - {{name: other, url: {other.Http.BaseAddress}mcp, tools: [list_incidents]}}\n    - {{name: down, url: 'http://127.0.0.1:9/mcp'}}\n");
        await FailAsync(server);

        var analysis = Assert.Single(await server.WaitForEventsAsync("type=log.analysis", e => e.Count > 0, Token));

        var offered = model.Requests[0]["tools"]!.AsArray().Select(t => (string)t!["function"]!["name"]!).ToList();
        Assert.Contains("other_list_incidents", offered);
        Assert.DoesNotContain("other_get_incident", offered);
        Assert.Equal(1, analysis.GetProperty("lookups").GetInt32());
        Assert.Contains(analysis.GetProperty("transcript").EnumerateArray(), t => Text(t, "role") == "tool" && Text(t, "text").Contains("incident.opened", StringComparison.Ordinal));
        await server.WaitForOutputAsync("tools of server down cannot be used", Token);
    }

    [Fact]
    public async Task AQuestionIsAnsweredByTheRankerAndExplainedByTheModel()
    {
        await using var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Answer(
            "c1", "", ("the database connection of user-service is refused", AnalystScene.EvidenceId(request, "atabase connection")))));
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, model.OpenAiUrl);
        await FailAsync(server);

        var run = await CommandRun.ExecuteAsync(null, ["ask", "why does user-service fail?", "--url", server.Http.BaseAddress!.ToString()], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("openai:test blames", run.Output, StringComparison.Ordinal);
        Assert.Contains("- the database connection of user-service is refused", run.Output, StringComparison.Ordinal);
    }

    private static async Task<ServerProcess> StartAsync(TempFolder folder, string url, string more = "")
    {
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "culprit.yaml"), $"analyst:\n  model: openai:test\n  baseUrl: {url}\n  settleSeconds: 1\n{more}", Token);
        return await ServerProcess.StartAsync(folder.Path, Token);
    }

    private static async Task FailAsync(ServerProcess server, string environment = "production")
    {
        var lines = new StringBuilder();
        for (var i = 0; i < 8; i++)
        {
            lines.Append(CultureInfo.InvariantCulture, $$"""{"service":"user-service","environment":"{{environment}}","level":"error","message":"Database connection refused, attempt {{i}}"}""").Append('\n');
        }

        await server.PostAsync(lines.ToString(), "application/x-ndjson", Token);
    }

    private static bool IsExplained(JsonElement alert) => alert.TryGetProperty("explanation", out _);

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
