using System.Diagnostics;
using System.Net;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>syslog-ng's http(), with the configuration of samples/shippers, against the real server.</summary>
/// <remarks>Debian's package cannot be installed beside rsyslog: <c>./test</c> unpacks it into artifacts/syslog-ng.</remarks>
public sealed class SyslogNgTests
{
    private const int Count = 400;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LinesOfAFileArriveOnceThroughAKill()
    {
        ExternalProgram.RequireGroup("syslog-ng");
        if (SourceFolder.Find() is not { } root || !File.Exists(Path.Combine(root, "artifacts", "syslog-ng", "usr", "sbin", "syslog-ng")))
        {
            Assert.Skip("syslog-ng is not in artifacts/syslog-ng (./test unpacks Debian's packages there)");
            return;
        }

        using var data = new TempFolder();
        using var work = new TempFolder();
        var port = FreePort.Next();
        var url = $"http://127.0.0.1:{port}";
        var log = Path.Combine(work.Path, "shop.log");
        var text = (await File.ReadAllTextAsync(Path.Combine(root, "samples", "shippers", "syslog-ng.conf"), Token))
            .Replace("/var/log/shop.log", log, StringComparison.Ordinal)
            .Replace("/var/spool/syslog-ng", work.Path, StringComparison.Ordinal)
            .Replace("http://127.0.0.1:8000", url, StringComparison.Ordinal)
            .Replace("batch-lines(500)", "batch-lines(20)", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(work.Path, "syslog-ng.conf"), text, Token);
        await File.WriteAllTextAsync(log, Lines(1, Count / 2), Token);
        var server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
        using var syslog = Start(Path.Combine(root, "artifacts", "syslog-ng"), work.Path);
        try
        {
            await new SentOrders(server, 1).WaitForAllAsync(Token);
            await File.AppendAllTextAsync(log, Lines((Count / 2) + 1, Count * 3 / 4), Token);
            await server.KillAsync();
            await server.DisposeAsync();
            await File.AppendAllTextAsync(log, Lines((Count * 3 / 4) + 1, Count), Token);
            server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);

            var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

            FaultTier.Report($"syslog-ng through a kill: {Count} sent, 0 lost, {events.Count - Count} doubled");
            Assert.Equal(Count, events.Count);
            Assert.All(events, stored => Assert.Equal("shop", stored.GetProperty("service").GetString()));
            Assert.All(events, stored => Assert.Equal(Dns.GetHostName(), stored.GetProperty("source").GetString()));
            Assert.All(events, stored => Assert.InRange(TimeProvider.System.GetUtcNow() - stored.GetProperty("timestamp").GetDateTimeOffset(), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(5)));
            Assert.Equal(Count / 10, events.Count(e => e.GetProperty("level").GetString() == "error"));
        }
        finally
        {
            if (!syslog.HasExited)
            {
                syslog.Kill();
                await syslog.WaitForExitAsync(CancellationToken.None);
            }

            await server.DisposeAsync();
        }
    }

    private static Process Start(string unpacked, string work)
    {
        var libraries = Path.Combine(unpacked, "usr", "lib");
        var modules = Directory.EnumerateFiles(Path.Combine(libraries, "syslog-ng"), "libhttp.so", SearchOption.AllDirectories).Select(Path.GetDirectoryName).Single();
        var start = new ProcessStartInfo(
            Path.Combine(unpacked, "usr", "sbin", "syslog-ng"),
            [
                "--foreground", "--no-caps", $"--module-path={modules}", $"--cfgfile={Path.Combine(work, "syslog-ng.conf")}", $"--persist-file={Path.Combine(work, "persist")}",
                $"--control={Path.Combine(work, "control")}", $"--pidfile={Path.Combine(work, "pid")}",
            ])
        {
            RedirectStandardError = true,
        };
        start.Environment["LD_LIBRARY_PATH"] = string.Join(
            ':', Directory.EnumerateDirectories(unpacked, "*-linux-gnu", SearchOption.AllDirectories).Append(Path.Combine(libraries, "syslog-ng")));
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => TestContext.Current.SendDiagnosticMessage(line.Data ?? "");
        process.BeginErrorReadLine();
        return process;
    }

    private static string Lines(int first, int last) => string.Concat(
        Enumerable.Range(first, last - first + 1).Select(n => $"2026-11-23T05:00:00Z {(n % 10 == 0 ? "ERROR" : "INFO")} order {n}\n"));
}
