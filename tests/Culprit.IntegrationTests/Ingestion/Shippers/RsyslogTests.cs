using System.Diagnostics;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>rsyslog's omelasticsearch, with the configuration of samples/shippers, against the real server.</summary>
public sealed class RsyslogTests
{
    private const int Count = 200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LinesOfAFileArriveThroughAKill()
    {
        var rsyslogd = ExternalProgram.Require("rsyslog", "rsyslogd");
        if (!Directory.EnumerateDirectories("/usr/lib").Any(folder => File.Exists(Path.Combine(folder, "rsyslog", "omelasticsearch.so"))))
        {
            Assert.Skip("rsyslog-elasticsearch is not installed (see tests/groups)");
        }

        if (SourceFolder.Find() is not { } root)
        {
            Assert.Skip("the samples are not beside the tests");
            return;
        }

        using var data = new TempFolder();
        using var work = new TempFolder();
        var port = FreePort.Next();
        var url = $"http://127.0.0.1:{port}";
        var log = Path.Combine(work.Path, "shop.log");
        var text = (await File.ReadAllTextAsync(Path.Combine(root, "samples", "shippers", "rsyslog.conf"), Token))
            .Replace("/var/log/shop.log", log, StringComparison.Ordinal)
            .Replace("/var/spool/rsyslog", work.Path, StringComparison.Ordinal)
            .Replace("serverport=\"8000\"", $"serverport=\"{port}\"", StringComparison.Ordinal);
        var configuration = Path.Combine(work.Path, "rsyslog.conf");
        await File.WriteAllTextAsync(configuration, text, Token);
        var server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
        Process? rsyslog = null;
        try
        {
            await File.WriteAllTextAsync(log, Lines(1, Count / 2), Token);
            rsyslog = Process.Start(rsyslogd, ["-n", "-f", configuration, "-i", Path.Combine(work.Path, "pid")]);
            await new SentOrders(server, 1).WaitForAllAsync(Token);
            await server.KillAsync();
            await server.DisposeAsync();
            await File.AppendAllTextAsync(log, Lines((Count / 2) + 1, Count), Token);
            server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);

            var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

            FaultTier.Report($"rsyslog through a kill: {Count} sent, 0 lost, {events.Count - Count} doubled");
            Assert.All(events, stored => Assert.Equal("shop", stored.GetProperty("service").GetString()));
            Assert.Equal(Count / 10, events.DistinctBy(e => e.GetProperty("message").GetString()).Count(e => e.GetProperty("level").GetString() == "error"));
        }
        finally
        {
            if (rsyslog is { HasExited: false })
            {
                rsyslog.Kill();
                await rsyslog.WaitForExitAsync(CancellationToken.None);
            }

            rsyslog?.Dispose();
            await server.DisposeAsync();
        }
    }

    private static string Lines(int first, int last) => string.Concat(
        Enumerable.Range(first, last - first + 1).Select(n => $"2026-11-23T05:00:00Z {(n % 10 == 0 ? "ERROR" : "INFO")} order {n}\n"));
}
