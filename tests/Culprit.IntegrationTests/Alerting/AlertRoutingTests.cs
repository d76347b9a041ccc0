using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>From errors over HTTP to signed alerts at receivers, through the real binary.</summary>
public sealed class AlertRoutingTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheSeedsErrorsReachEveryRoutedSinkSigned()
    {
        await using var hook = await Receiver.StartAsync(_ => new Reply(200), Token);
        await using var chat = await Receiver.StartAsync(Documented.Slack, Token);
        using var folder = await FolderAsync(hook, chat);
        await using var server = await ServerProcess.StartAsync(folder.Path, Token);

        await SendErrorsAsync(server);

        var arrival = await ArrivalAsync(hook.Arrivals, server);
        AssertSigned(arrival);
        using var alert = JsonDocument.Parse(arrival.Body);
        Assert.Equal("alert.firing", alert.RootElement.GetProperty("type").GetString());
        Assert.Equal("production", alert.RootElement.GetProperty("environment").GetString());
        Assert.Equal(alert.RootElement.GetProperty("id").GetString() + "_hook", arrival.Headers["webhook-id"]);
        Assert.Contains("user-service", (await ArrivalAsync(chat.Arrivals, server)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("ALERT", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAlertThatAKilledServerCouldNotDeliverArrivesAfterItsRestartUnderTheSameId()
    {
        var isDown = true;
        await using var hook = await Receiver.StartAsync(_ => new Reply(Volatile.Read(ref isDown) ? 503 : 200), Token);
        await using var chat = await Receiver.StartAsync(Documented.Slack, Token);
        using var folder = await FolderAsync(hook, chat);
        Arrival refused;
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await SendErrorsAsync(first);
            refused = await ArrivalAsync(hook.Arrivals, first);
            await first.KillAsync();
        }

        var before = hook.Arrivals.Count;
        Volatile.Write(ref isDown, false);
        await using var second = await ServerProcess.StartAsync(folder.Path, Token);
        var delivered = await ArrivalAsync(hook.Arrivals, second, before);

        AssertSigned(delivered);
        Assert.Equal(refused.Headers["webhook-id"], delivered.Headers["webhook-id"]);
        Assert.Equal(refused.Body, delivered.Body);
    }

    private static async Task<TempFolder> FolderAsync(Receiver hook, Receiver chat)
    {
        var folder = new TempFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "culprit.yaml"),
            $"""
            alerts:
              sinks:
                hook:
                  type: webhook
                  url: {hook.Url}/alerts
                  signingSecrets: [whsec_{Convert.ToBase64String(Key)}]
                  allowLoopback: true
                chat:
                  type: slack
                  url: {chat.Url}/services/T000/B000/secret
                  allowLoopback: true
              routes:
                - environments: [prod*]
                  sinks: [hook]
                  continue: true
                - sinks: [chat]
            """,
            Token);
        return folder;
    }

    private static async Task SendErrorsAsync(ServerProcess server)
    {
        for (var i = 0; i < 5; i++)
        {
            await server.PostAsync(
                """{"type":"log.entry","source":"s","service":"user-service","environment":"production","level":"error","message":"Database connection timeout"}""",
                "application/json",
                Token);
        }
    }

    private static async Task<Arrival> ArrivalAsync(ConcurrentQueue<Arrival> arrivals, ServerProcess server, int after = 0)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (arrivals.Skip(after).FirstOrDefault() is { } arrival)
            {
                return arrival;
            }

            try
            {
                await pause.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!Token.IsCancellationRequested)
            {
                throw new TimeoutException("Nothing arrived.\n" + server.Output);
            }
        }
    }

    private static void AssertSigned(Arrival arrival)
    {
        var seconds = long.Parse(arrival.Headers["webhook-timestamp"], CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{arrival.Headers["webhook-id"]}.{seconds}."), .. arrival.Body];
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Key, signed)), arrival.Headers["webhook-signature"]);
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - seconds, -5, 300);
    }
}
