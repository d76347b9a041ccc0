using System.Diagnostics;
using System.Text.RegularExpressions;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary>Debian's Prometheus against the real binary.</summary>
public sealed partial class PrometheusTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PrometheusScrapesARunningServerAndAnswersEveryQueryOfTheDashboard()
    {
        var program = ExternalProgram.Require("prometheus", "prometheus");
        using var folder = new TempFolder();
        using var prometheusFolder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        var configuration = File.ReadAllText(Path.Combine(MetricsPage.Repository(), "samples", "grafana", "prometheus.yml"))
            .Replace("127.0.0.1:8000", server.Http.BaseAddress!.Authority, StringComparison.Ordinal)
            .Replace("15s", "1s", StringComparison.Ordinal);
        await using var prometheus = PrometheusProcess.Start(program, prometheusFolder.Path, configuration);
        await BusyServer.FillAsync(server, Token);

        var records = await prometheus.WaitForAsync(
            "sum by (environment, service, level) (culprit_records_total)", r => r.Sum(s => s.Value) >= BusyServer.Records, Token);
        await prometheus.WaitForAsync("culprit_incidents_open", r => r.Sum(s => s.Value) == 1, Token);
        await prometheus.WaitForAsync("culprit_anomalies_total", r => r.Sum(s => s.Value) >= 1, Token);
        await prometheus.WaitForAsync("culprit_summaries_total", r => r.Sum(s => s.Value) >= 1, Token);
        await prometheus.WaitForAsync("up{job=\"culprit\"}", r => r is [{ Value: 1 }], Token);

        Assert.Equal(BusyServer.Errors, Assert.Single(records, r => r.Labels["level"] == "error").Value);
        Assert.All(records, r => Assert.Equal("production", r.Labels["environment"]));
        foreach (var expression in Dashboard.Expressions())
        {
            var query = expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            query = Variable().Replace(query, ".*");
            await prometheus.WaitForAsync(query, r => r.Count > 0, Token);
        }
    }

    [Fact]
    public async Task PromtoolFindsNothingWrong()
    {
        var promtool = ExternalProgram.Require("prometheus", "promtool");
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);
        await BusyServer.FillAsync(server, Token);
        await BusyServer.ScrapeAsync(server, p => p.Sum("culprit_summaries_total") > 0, Token);
        var page = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token);

        var (code, output) = await CheckAsync(promtool, page);
        var (codeOfBroken, _) = await CheckAsync(promtool, page.Replace("\"production\"", "\"produc\\tion\"", StringComparison.Ordinal));

        Assert.Equal("", output);
        Assert.Equal(0, code);
        Assert.NotEqual(0, codeOfBroken);
    }

    private static async Task<(int Code, string Output)> CheckAsync(string promtool, string page)
    {
        var start = new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var errors = process.StandardError.ReadToEndAsync(Token);
        await process.StandardInput.WriteAsync(page.AsMemory(), Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await errors);
    }

    [GeneratedRegex(@"\$(environment|service)")]
    private static partial Regex Variable();
}
