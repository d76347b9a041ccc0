using System.Text.Json;
using Culprit.IntegrationTests.Evaluation;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Commands;

public sealed class BacktestCommandTests : IDisposable
{
    private const string Rule = """
        rules:
          - name: refused
            on: [log.error]
            where: 'keyword("refused")'
            threshold: { count: 3, window: 60s }
            raise:
              type: connection_failure
              severity: high
              message: "{service} is refused"
        """;

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FilesShowWhatWouldHaveFiredAndWhatWouldHaveBeenMissed()
    {
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "case"), hasFault: true, Token);
        var labels = Path.Combine(_folder.Path, "labels.jsonl");
        await File.WriteAllLinesAsync(labels,
        [
            SomeCase.Label("shop", "orders-db"),
            """{"case_id":"earlier","start":"2026-03-01T14:02:00Z","end":"2026-03-01T14:04:00Z","root_cause_service":"x"}""",
        ], Token);
        var json = Path.Combine(_folder.Path, "out.json");

        var run = await CommandRun.ExecuteAsync(null, ["backtest", Path.Combine(_folder.Path, "case"), "--labels", labels, "--json", json], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("2 known incidents, 1 of them missed", run.Output, StringComparison.Ordinal);
        Assert.Contains("missed: earlier", run.Output, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, Token));
        var known = report.RootElement.GetProperty("known_incidents");
        Assert.False(known[0].GetProperty("missed").GetBoolean());
        Assert.InRange(known[0].GetProperty("delay_seconds").GetDouble(), 0, 30);
        Assert.All(report.RootElement.GetProperty("findings").EnumerateArray(), f => Assert.True(f.GetProperty("in_known_incident").GetBoolean()));
    }

    [Fact]
    public async Task TheSameRecordsGiveTheSameEventsLiveAndInABacktestOfWhatWasStored()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder.Path, "data")).FullName;
        await using var server = await ServerProcess.StartAsync(data, Token);
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        for (var i = 0; i < 7; i++)
        {
            await server.PostAsync($$"""{"id":"e{{i}}","service":"web","environment":"prod","level":"error","message":"Query {{i}} failed: orders-db refused"}""", "application/json", Token);
        }

        var live = (await server.WaitForEventsAsync("type=log.anomaly", e => e.Count > 0, Token))[0];
        var opened = (await server.WaitForEventsAsync("type=incident.opened", e => e.Count > 0, Token))[0];
        var json = Path.Combine(_folder.Path, "out.json");
        var url = server.Http.BaseAddress!.ToString();
        string[] range = ["--url", url, "--from", from.ToString("O"), "--to", from.AddMinutes(10).ToString("O"), "--json", json];

        var run = await CommandRun.ExecuteAsync(null, ["backtest", .. range], Token);
        var same = await EventsAsync(json);
        var config = Path.Combine(_folder.Path, "new.yaml");
        await File.WriteAllTextAsync(config, Rule, Token);
        var withRule = await CommandRun.ExecuteAsync(null, ["backtest", .. range, "--config", config], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("7 records", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 known incidents, 0 of them missed", run.Output, StringComparison.Ordinal);
        Assert.Equal(live.GetRawText(), Assert.Single(same, e => e.Contains("\"log.anomaly\"", StringComparison.Ordinal)), Json);
        Assert.Equal(opened.GetRawText(), Assert.Single(same, e => e.Contains("\"incident.opened\"", StringComparison.Ordinal)), Json);
        Assert.Contains("rule:refused", withRule.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesAndAServerAtOnceAreRefused()
    {
        var run = await CommandRun.ExecuteAsync(null, ["backtest", "x", "--url", "http://127.0.0.1:1"], Token);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("either PATH or --url", run.Errors, StringComparison.Ordinal);
    }

    private static bool Json(string a, string b) => JsonElement.DeepEquals(JsonDocument.Parse(a).RootElement, JsonDocument.Parse(b).RootElement);

    private static async Task<List<string>> EventsAsync(string file)
    {
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(file, Token));
        return [.. report.RootElement.GetProperty("events").EnumerateArray().Select(e => e.GetRawText())];
    }
}
