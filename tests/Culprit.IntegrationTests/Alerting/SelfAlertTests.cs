using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>What the real binary tells about itself, over the destinations of its own alerts.</summary>
public sealed class SelfAlertTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADestinationThatFailsIsToldToTheOthersOnceAcrossAKillAndResolvedWhenItTakesAlertsAgain()
    {
        var isDown = true;
        await using var pager = await Receiver.StartAsync(_ => new Reply(Volatile.Read(ref isDown) ? 503 : 200), Token);
        await using var chat = await Receiver.StartAsync(_ => new Reply(200), Token);
        using var folder = await FolderAsync(pager, chat);
        string incident;
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            await SendErrorsAsync(first);
            var told = await OwnAsync(chat, first, 1);
            incident = told[0].GetProperty("incident_id").GetString()!;
            Assert.Equal(("alert.firing", "destination_failing"), (Text(told[0], "type"), Text(told[0], "anomaly_type")));
            Assert.Contains("pager", Text(told[0], "observed"), StringComparison.Ordinal);
            Assert.Single((await first.GetAsync("/events?type=alert.firing&environment=culprit", Token)).GetProperty("events").EnumerateArray());
            await first.KillAsync();
        }

        var before = pager.Arrivals.Count;
        await using var second = await ServerProcess.StartAsync(folder.Path, Token);
        await WaitAsync(() => pager.Arrivals.Count > before, second);
        Volatile.Write(ref isDown, false);

        var all = await OwnAsync(chat, second, 2);
        Assert.Equal(["alert.firing", "alert.resolved"], all.Select(a => Text(a, "type")));
        Assert.All(all, a => Assert.Equal(incident, Text(a, "incident_id")));
        Assert.DoesNotContain(pager.Arrivals, a => a.Text.Contains("destination_failing", StringComparison.Ordinal));
    }

    private static async Task<TempFolder> FolderAsync(Receiver pager, Receiver chat)
    {
        var folder = new TempFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "culprit.yaml"),
            $"""
            selfAlerts:
              destinationSeconds: 3
              wellAfterSeconds: 3
            alerts:
              sinks:
                pager:
                  type: webhook
                  url: {pager.Url}/alerts
                  signingSecrets: [whsec_{Convert.ToBase64String(new byte[32])}]
                  allowLoopback: true
                chat:
                  type: webhook
                  url: {chat.Url}/alerts
                  signingSecrets: [whsec_{Convert.ToBase64String(new byte[32])}]
                  allowLoopback: true
              routes:
                - sinks: [pager, chat]
            """,
            Token);
        return folder;
    }

    private static async Task SendErrorsAsync(ServerProcess server)
    {
        for (var i = 0; i < 5; i++)
        {
            await server.PostAsync("""{"service":"user-service","environment":"production","level":"error","message":"Database connection timeout"}""", "application/json", Token);
        }
    }

    /// <summary>The alerts that the server raised about itself, when there are so many.</summary>
    private static async Task<List<JsonElement>> OwnAsync(Receiver receiver, ServerProcess server, int count)
    {
        List<JsonElement> own = [];
        await WaitAsync(
            () => (own = [.. receiver.Arrivals.Select(a => Parse(a.Text)).Where(a => Text(a, "environment") == "culprit")]).Count >= count,
            server);
        return own;
    }

    private static async Task WaitAsync(Func<bool> condition, ServerProcess server)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (!condition())
            {
                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            throw new TimeoutException($"not met within {Patience}\n{server.Output}");
        }
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
