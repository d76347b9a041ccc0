using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>What the real binary tells about itself, over the destinations of its own alerts.</summary>
public sealed class SelfAlertTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADiskThatIsTooFullIsToldOnceAcrossAKillAndResolvedWhenThereIsRoom()
    {
        await using var chat = await Receiver.StartAsync(_ => new Reply(200), Token);
        using var folder = new TempFolder();
        await ConfigureAsync(folder, chat, maxUsedPercent: 10, marginPercent: 50);
        string incident;
        await using (var first = await ServerProcess.StartAsync(folder.Path, Token))
        {
            var told = await OwnAsync(chat, first, 1);
            incident = Text(told[0], "incident_id");
            Assert.Equal(("alert.firing", "disk_filling"), (Text(told[0], "type"), Text(told[0], "anomaly_type")));
            Assert.Single((await first.GetAsync("/events?type=alert.firing&environment=culprit", Token)).GetProperty("events").EnumerateArray());
            await first.KillAsync();
        }

        await ConfigureAsync(folder, chat, maxUsedPercent: 100, marginPercent: 0);
        await using var second = await ServerProcess.StartAsync(folder.Path, Token);

        var all = await OwnAsync(chat, second, 2);
        Assert.Equal(["alert.firing", "alert.resolved"], all.Select(a => Text(a, "type")));
        Assert.All(all, a => Assert.Equal(incident, Text(a, "incident_id")));
    }

    private static Task ConfigureAsync(TempFolder folder, Receiver chat, int maxUsedPercent, int marginPercent) => File.WriteAllTextAsync(
        Path.Combine(folder.Path, "culprit.yaml"),
        $"""
        disk:
          maxUsedPercent: {maxUsedPercent}
        selfAlerts:
          afterSeconds: 1
          wellAfterSeconds: 3
          diskMarginPercent: {marginPercent}
        alerts:
          sinks:
            chat:
              type: webhook
              url: {chat.Url}/alerts
              signingSecrets: [whsec_{Convert.ToBase64String(new byte[32])}]
              allowLoopback: true
          routes:
            - sinks: [chat]
        """,
        Token);

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
