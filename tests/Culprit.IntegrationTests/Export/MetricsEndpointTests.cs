using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary><c>/metrics</c> of the real binary.</summary>
public sealed partial class MetricsEndpointTests
{
    private const string HostileService = """a"b\c{d}é""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryMetricOfTheDashboardIsExportedAndEverythingExportedIsDocumented()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await BusyServer.FillAsync(server, Token);

        var page = await BusyServer.ScrapeAsync(server, p => p.Sum("culprit_summaries_total") > 0, Token);

        var exported = page.Series.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var used = DashboardMetrics();
        Assert.True(used.Count > 20, $"only {used.Count} metrics found in the dashboard");
        Assert.Empty(used.Except(exported));

        var documented = MetricsPage.Read().ToDictionary(m => m.Prometheus, StringComparer.Ordinal);
        Assert.All(page.Types.Where(t => t.Key != "target_info"), family => Assert.Equal(documented[family.Key].Type, family.Value));
        Assert.All(page.Series.Where(s => s.Name != "target_info"), series =>
            Assert.Equal(documented[series.Name].Labels.Order(), series.Labels.Keys.Order()));
    }

    [Fact]
    public async Task CountsAddUpToWhatWasSentAndSurviveHostileNames()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await BusyServer.FillAsync(server, Token);
        var (status, _) = await server.PostAsync(JsonSerializer.Serialize(new { service = HostileService, level = "warn", message = "m" }), "application/json", Token);
        Assert.Equal(201, (int)status);

        var page = await BusyServer.ScrapeAsync(server, p => p.Sum("culprit_records_total") >= BusyServer.Records + 1, Token);

        Assert.Equal(BusyServer.Records + 1, page.Sum("culprit_records_total"));
        Assert.Equal(BusyServer.Records + 1, page.Sum("culprit_stage_out_total", ("stage", "intake")));
        Assert.Equal(BusyServer.Errors, page.Sum("culprit_records_total", ("level", "error"), ("environment", "production")));
        Assert.Equal(1, page.Sum("culprit_records_total", ("service", HostileService), ("level", "warn")));
        Assert.Equal(1, page.Sum("culprit_stage_dropped_total", ("stage", "intake"), ("reason", "not_an_event")));
        Assert.Equal(1, page.Sum("culprit_incidents_opened_total"));
        Assert.Equal(1, page.Sum("culprit_incidents_open", ("environment", "production")));
        Assert.InRange(page.Sum("culprit_errors_ratio", ("environment", "production")), 0.01, 0.99);
    }

    [Fact]
    public async Task ServicesBeyondTheLimitShareOneSeries()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        var body = new StringBuilder();
        for (var i = 0; i < 300; i++)
        {
            body.Append("{\"service\":\"s").Append(i).Append("\",\"level\":\"info\",\"message\":\"hello\"}\n");
        }

        await server.PostAsync(body.ToString(), "application/x-ndjson", Token);
        var page = await BusyServer.ScrapeAsync(server, p => p.Sum("culprit_records_total") >= 300, Token);

        Assert.Equal(300, page.Sum("culprit_records_total"));
        Assert.Equal(201, page.Series.Count(s => s.Name == "culprit_records_total"));
        Assert.Equal(100, page.Sum("culprit_records_total", ("service", "__other__")));
    }

    [Fact]
    public async Task OpenMetricsIsAnsweredToWhoAsksForIt()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0");

        using var answer = await server.Http.SendAsync(request, Token);

        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("# EOF\n", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARestartCountsNothingTwiceAndStillShowsTheOpenIncident()
    {
        using var folder = new TempFolder();
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await BusyServer.FillAsync(server, Token);
            await BusyServer.ScrapeAsync(server, p => p.Sum("culprit_records_total") >= BusyServer.Records, Token);
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(folder.Path, Token);
        var page = await BusyServer.ScrapeAsync(again, p => p.Sum("culprit_incidents_open") > 0, Token);

        Assert.Equal(1, page.Sum("culprit_incidents_open"));
        Assert.Equal(0, page.Sum("culprit_records_total"));
        Assert.Equal(0, page.Sum("culprit_incidents_opened_total"));
    }

    private static HashSet<string> DashboardMetrics() =>
    [
        .. Dashboard.Expressions().Append(Dashboard.Text()).SelectMany(e => MetricName().Matches(e)).Select(m => m.Value),
    ];

    [GeneratedRegex("culprit_[a-z_]+")]
    private static partial Regex MetricName();
}
