using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Commands;

public class AnalyzeCommandTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFaultAfterAQuietQuarterOfAnHourIsFoundAndExplainedInEveryForm()
    {
        using var folder = new TempFolder();
        await WriteShopAsync(folder.Path);
        var html = Path.Combine(folder.Path, "report.html");
        var json = Path.Combine(folder.Path, "report.json");

        var run = await CommandRun.ExecuteAsync(null, ["analyze", Path.Combine(folder.Path, "logs"), "--html", html, "--json", json], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("1 incident", run.Output, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, Token));
        var incident = Assert.Single(report.RootElement.GetProperty("incidents").EnumerateArray());
        Assert.InRange(incident.GetProperty("detected_at").GetDateTimeOffset(), Start.AddMinutes(15), Start.AddMinutes(15.5));
        Assert.Equal("database", incident.GetProperty("root_causes")[0].GetProperty("service").GetString());
        var page = await File.ReadAllTextAsync(html, Token);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheNumberOfThreadsChangesNothing()
    {
        using var folder = new TempFolder();
        await WriteShopAsync(folder.Path);
        var reports = new List<string>();

        foreach (var threads in (string[])["1", "4"])
        {
            var run = await CommandRun.ExecuteAsync(null, ["analyze", Path.Combine(folder.Path, "logs"), "--json", "-", "--threads", threads], Token);
            reports.Add(run.Output);
        }

        Assert.Equal(reports[0], reports[1]);
        Assert.Contains("incident_id", reports[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingFoundIsAnEmptyListAndSuccess()
    {
        var run = await CommandRun.ExecuteAsync("2026-11-23T12:00:00Z INFO [shop] all well\n", ["analyze", "-", "--json", "-"], Token);

        Assert.Equal(0, run.ExitCode);
        using var report = JsonDocument.Parse(run.Output);
        Assert.Empty(report.RootElement.GetProperty("incidents").EnumerateArray());
    }

    [Fact]
    public async Task APlainThresholdHoldsOnRequest()
    {
        var lines = string.Concat(Enumerable.Range(0, 5).Select(i => $"2026-11-23T12:00:0{i}Z ERROR [shop] payment refused\n"));

        var without = await CommandRun.ExecuteAsync(lines, ["analyze", "-", "--json", "-"], Token);
        var with = await CommandRun.ExecuteAsync(lines, ["analyze", "-", "--json", "-", "--threshold", "5/60s"], Token);

        Assert.DoesNotContain("incident_id", without.Output, StringComparison.Ordinal);
        Assert.Contains("incident_id", with.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "no such")]
    [InlineData("empty", "empty")]
    [InlineData("binary", "not text")]
    [InlineData("truncated", "cut off")]
    public async Task WhatCannotBeReadGetsAClearAnswer(string what, string expected)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, what + ".log");
        switch (what)
        {
            case "empty":
                await File.WriteAllTextAsync(path, "", Token);
                break;
            case "binary":
                File.Copy(Path.Combine(AppContext.BaseDirectory, "culprit.dll"), path);
                break;
            case "truncated":
                using (var packed = new MemoryStream())
                {
                    await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                    {
                        await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"2026-11-23T12:00:00Z INFO [shop] line {i * 7919}\n"))), Token);
                    }

                    await File.WriteAllBytesAsync(path, packed.ToArray()[..(int)(packed.Length / 2)], Token);
                }

                break;
            default:
                break;
        }

        var run = await CommandRun.ExecuteAsync(null, ["analyze", path], Token);

        Assert.Contains(expected, run.Output + run.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(what + ".log", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", run.Errors, StringComparison.Ordinal);
        Assert.Equal(what == "truncated" ? 0 : what == "missing" ? 2 : 1, run.ExitCode);
    }

    [Fact]
    public async Task AnUnknownThresholdIsRefusedByName()
    {
        var run = await CommandRun.ExecuteAsync("", ["analyze", "-", "--threshold", "many"], Token);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("'many' is not allowed", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMistypedOptionIsNoPath()
    {
        var run = await CommandRun.ExecuteAsync("", ["analyze", "-", "--jsn", "x"], Token);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("'--jsn' is no option of analyze", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>A quarter of an hour of ordinary traffic in two files of two formats, then a database that refuses.</summary>
    private static async Task WriteShopAsync(string folder)
    {
        var logs = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        var gateway = new StringBuilder();
        var users = new StringBuilder();
        for (var second = 0; second < 1000; second++)
        {
            var time = Start.AddSeconds(second).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            gateway.Append(CultureInfo.InvariantCulture, $"{time} INFO [api-gateway] GET /users/{second} 200 in {second * 7 % 40} ms\n");
            users.Append(CultureInfo.InvariantCulture, $$"""{"time":"{{time}}","level":"info","service":"user-service","msg":"loaded user {{second}}"}""").Append('\n');
            if (second >= 900 && second % 2 == 0)
            {
                users.Append(CultureInfo.InvariantCulture, $$"""{"time":"{{time}}","level":"error","service":"user-service","msg":"DB connection refused <script>alert(1)</script>"}""").Append('\n');
                gateway.Append(CultureInfo.InvariantCulture, $"{time} ERROR [api-gateway] upstream user-service timed out\n");
            }
        }

        await File.WriteAllTextAsync(Path.Combine(logs, "gateway.log"), gateway.ToString(), Token);
        await File.WriteAllTextAsync(Path.Combine(logs, "users.jsonl"), users.ToString(), Token);
    }
}
