using System.Diagnostics;
using System.IO.Hashing;
using System.Text;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>The OpenTelemetry SDK of JavaScript against a real server; where Node is present and npm can install it.</summary>
[Collection(FaultCollection.Name)]
public sealed class OtlpJsTests
{
    private const int Sent = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Sources => Path.Combine(AppContext.BaseDirectory, "Ingestion", "Otlp", "js");

    [Theory]
    [InlineData("http")]
    [InlineData("proto")]
    [InlineData("grpc")]
    public async Task AllThreeSignalsArriveWhole(string kind)
    {
        var sender = await InstallAsync();
        using var folder = new TempFolder();
        await using var server = await OtlpServer.StartAsync(folder.Path, Token);

        using var node = Start(sender, kind, server, Sent.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await node.WaitForExitAsync(Token);

        Assert.True(node.ExitCode == 0, await node.StandardError.ReadToEndAsync(Token));
        var logs = await server.Process.WaitForEventsAsync("type=log.entry&limit=1000", e => e.Count >= Sent + 1, Token);
        var spans = await server.Process.WaitForEventsAsync("type=span&limit=1000", e => e.Count >= Sent, Token);
        var metrics = await server.Process.WaitForEventsAsync("type=metric.value&limit=1000", e => e.Count >= 3, Token);

        Assert.Equal((Sent + 1, Sent), (logs.Count, spans.Count));
        var log = logs.Single(e => e.GetProperty("message").GetString() == "Order 7 failed");
        Assert.Equal(("js-shop", "test", "error"), (log.GetProperty("service").GetString(), log.GetProperty("environment").GetString(), log.GetProperty("level").GetString()));
        Assert.Equal("{\"list\":[1,\"a\"]}", log.GetProperty("context").GetProperty("nested").ToString());
        Assert.Single(logs, e => e.GetProperty("message").GetString()!.StartsWith("RangeError: no stock", StringComparison.Ordinal));
        var child = spans.Single(e => e.GetProperty("operation").GetString() == "work 3");
        Assert.Contains(spans, e => e.GetProperty("span_id").GetString() == child.GetProperty("parent_id").GetString());
        Assert.Equal(("client", "error"), (child.GetProperty("kind").GetString(), child.GetProperty("status").GetString()));
        var values = metrics.ToDictionary(e => e.GetProperty("metric_name").GetString()!, e => e.GetProperty("value").GetDouble());
        Assert.Equal((Sent, 12.5, Sent), (values["orders_total"], values["queue.depth"], values["order.duration.count"]));
    }

    /// <summary>What the exporter reports as delivered is there; what it sends again after the kill is there once, or counted here.</summary>
    [Theory]
    [InlineData("http")]
    [InlineData("proto")]
    [InlineData("grpc")]
    public async Task AKillLosesNothingThatTheExporterReportsAsDelivered(string kind)
    {
        const int Messages = 100;
        var sender = await InstallAsync();
        using var folder = new TempFolder();
        var server = await OtlpServer.StartAsync(folder.Path, Token);
        using var node = Start(sender, kind, server, "100", "20");
        var output = node.StandardOutput.ReadToEndAsync(Token);
        await server.Process.WaitForEventsAsync("type=log.entry&limit=1000", e => e.Count >= 20, Token);

        server = await server.RestartAsync(folder.Path, Token);
        await node.WaitForExitAsync(Token);

        var delivered = (await output).Split('\n').Where(l => l.StartsWith("ok ", StringComparison.Ordinal)).Select(l => l[3..]).ToList();
        var stored = await server.Process.WaitForEventsAsync("type=log.entry&limit=1000", e => e.Count >= delivered.Count, Token);
        var messages = stored.Select(e => e.GetProperty("message").GetString()!).ToList();
        await server.DisposeAsync();
        FaultTier.Report($"OTLP JavaScript {kind}, 1 kill: {Messages} sent, {delivered.Count} reported as delivered, {delivered.Except(messages).Count()} of them lost, {messages.Count - messages.Distinct().Count()} doubled");
        Assert.Empty(delivered.Except(messages));
        Assert.Equal(messages.Distinct().Count(), messages.Count);

        // Over gRPC this exporter gives a batch up at once when the connection is gone, and says so.
        Assert.True(kind == "grpc" || delivered.Count == Messages, $"only {delivered.Count} delivered");
    }

    private static Process Start(string folder, string kind, OtlpServer server, params string[] more) => Process.Start(
        new ProcessStartInfo("node", [Path.Combine(folder, "sender.js"), kind, kind == "grpc" ? server.GrpcUrl : server.HttpUrl, .. more])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;

    /// <summary>The folder with the script and its packages, kept for the next run; skips the test when they cannot be had.</summary>
    private static async Task<string> InstallAsync()
    {
        ExternalProgram.Require("otlp-js", "node");
        var npm = ExternalProgram.Require("otlp-js", "npm");
        var packages = await File.ReadAllTextAsync(Path.Combine(Sources, "package.json"), Token);
        var folder = Path.Combine(Path.GetTempPath(), $"culprit-otlp-js-{XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(packages)):x}");
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "package.json", "sender.js" })
        {
            File.Copy(Path.Combine(Sources, name), Path.Combine(folder, name), overwrite: true);
        }

        if (!File.Exists(Path.Combine(folder, "installed")))
        {
            using var install = Process.Start(new ProcessStartInfo(npm, ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            await install.WaitForExitAsync(Token);
            if (install.ExitCode != 0)
            {
                FaultTier.Report($"OTLP JavaScript: not run: npm could not install the packages");
                Assert.Skip("npm could not install the packages of the OpenTelemetry SDK");
            }

            await File.WriteAllTextAsync(Path.Combine(folder, "installed"), "", Token);
        }

        return folder;
    }
}
