using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>Real clients from npm against the real server: all arrives with its fields, and what a kill -9 in the middle costs.</summary>
public sealed class NodeClientTests
{
    private const int Count = 300;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("elasticsearch", "")]
    [InlineData("pino-elasticsearch", "")]
    [InlineData("pino-loki", "")]
    [InlineData("winston-loki", "")]
    [InlineData("winston-loki", "json")]
    public async Task WhatIsSentIsStoredWithItsFields(string client, string form)
    {
        var folder = RequireClients();
        using var data = new TempFolder();
        await using var server = await ServerProcess.StartAsync(data.Path, Token);
        using var sender = Start(folder, client, form, server.Http.BaseAddress!);
        await EndAsync(sender);

        var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

        Assert.Equal(Count, events.Count);
        foreach (var stored in events)
        {
            var n = int.Parse(stored.GetProperty("message").GetString()!["order ".Length..], CultureInfo.InvariantCulture);
            Assert.Equal("shop", stored.GetProperty("service").GetString());
            Assert.Equal(n % 10 == 0 ? "error" : "info", stored.GetProperty("level").GetString());
            Assert.Equal($"t{n}", stored.GetProperty("meta").GetProperty("trace_id").GetString());
            Assert.Equal($"{n}", stored.GetProperty("context").GetProperty("n").ToString()); // Loki's metadata is text.
            Assert.InRange(TimeProvider.System.GetUtcNow() - stored.GetProperty("timestamp").GetDateTimeOffset(), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(5));
        }
    }

    /// <summary>Those that promise to send again. What they send twice carries an id, or is counted and reported.</summary>
    [Theory]
    [InlineData("elasticsearch", "", true)]
    [InlineData("winston-loki", "", false)]
    public async Task AServerThatIsKilledAndComesBackLosesNothing(string client, string form, bool hasIds)
    {
        var folder = RequireClients();
        using var data = new TempFolder();
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
        try
        {
            using var sender = Start(folder, client, form, new Uri(url));
            await WaitForLineAsync(sender, "half");
            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
            await EndAsync(sender);

            var events = await new SentOrders(server, Count).WaitForAllAsync(Token);

            FaultTier.Report($"{client} through a kill: {Count} sent, 0 lost, {events.Count - Count} doubled");
            if (hasIds)
            {
                Assert.Equal(Count, events.Count);
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Those that do not promise to send again: what a kill costs is counted, and none of what was answered with a success is lost.</summary>
    [Theory]
    [InlineData("pino-loki")]
    [InlineData("pino-elasticsearch")]
    public async Task AKillLosesNothingOfWhatWasAnswered(string client)
    {
        var folder = RequireClients();
        using var data = new TempFolder();
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
        try
        {
            using var sender = Start(folder, client, "", new Uri(url));
            var before = await WaitForLineAsync(sender, "ok ");
            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(data.Path, Token, null, "--urls", url);
            var after = await EndAsync(sender);

            var delivered = before.Concat(after).Where(l => l.StartsWith("ok ", StringComparison.Ordinal)).Select(l => "order " + l[3..]).ToHashSet();
            var stored = (await new SentOrders(server, delivered.Count).WaitForAllAsync(Token)).Select(e => e.GetProperty("message").GetString()!).ToList();

            FaultTier.Report($"{client} through a kill: {Count} sent, {delivered.Count} answered, {delivered.Except(stored).Count()} of them lost, {stored.Count - stored.Distinct().Count()} doubled");
            Assert.NotEmpty(delivered);
            Assert.Empty(delivered.Except(stored));
            Assert.Equal(stored.Distinct().Count(), stored.Count);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static string RequireClients()
    {
        ExternalProgram.Require("npm", "node");
        if (SourceFolder.Find() is not { } root || !Directory.Exists(Path.Combine(root, "artifacts", "npm-shippers", "node_modules")))
        {
            Assert.Skip("the clients are not in artifacts/npm-shippers (./test installs them with npm)");
            return "";
        }

        var folder = Path.Combine(root, "artifacts", "npm-shippers");
        var script = Path.Combine(folder, "send.mjs");
        File.Copy(Path.Combine(root, "tests", "Culprit.IntegrationTests", "Ingestion", "Shippers", "npm", "send.mjs"), script, overwrite: true);
        return folder;
    }

    private static Process Start(string folder, string client, string form, Uri url)
    {
        var start = new ProcessStartInfo("node", ["send.mjs", client, url.GetLeftPart(UriPartial.Authority), Count.ToString(CultureInfo.InvariantCulture)])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LOKI_JSON"] = form == "json" ? "1" : "0";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => TestContext.Current.SendDiagnosticMessage(line.Data ?? "");
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>The lines up to the first that begins as expected.</summary>
    private static async Task<IReadOnlyList<string>> WaitForLineAsync(Process sender, string expected)
    {
        var seen = new List<string>();
        while (await sender.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token) is { } line)
        {
            seen.Add(line);
            if (line.StartsWith(expected, StringComparison.Ordinal))
            {
                return seen;
            }
        }

        throw new InvalidOperationException($"The client ended without '{expected}': {string.Join('\n', seen)}");
    }

    private static async Task<IReadOnlyList<string>> EndAsync(Process sender)
    {
        try
        {
            var lines = await WaitForLineAsync(sender, "done");
            await sender.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            return lines;
        }
        finally
        {
            if (!sender.HasExited)
            {
                sender.Kill();
            }
        }
    }
}
