using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests;

/// <summary>R1 of the reliability promises: kill -9 at a random moment under load, and look for every acknowledged record.</summary>
/// <remarks>
/// The driver outlives the server and keeps the acknowledgements. After the restart every acknowledged id must be there
/// once with its payload, and no id that was never sent. Unacknowledged batches may be there or not, but never twice.
/// </remarks>
public class KillUnderLoadTests
{
    private const int BatchSize = 200;
    private const int Connections = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoAcknowledgedRecordIsLostAndNoneIsDoubledOverTwentyKills()
    {
        var runs = Environment.GetEnvironmentVariable("CULPRIT_TEST_TIER") == "large" ? 200 : 20;
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}, {runs} kills");
        using var folder = new TempFolder();
        var sent = new ConcurrentDictionary<string, byte>();
        var acknowledged = new ConcurrentDictionary<string, byte>();
        for (var run = 0; run < runs; run++)
        {
            await using var server = await ServerProcess.StartAsync(folder.Path, Token);
            await LoadUntilKilledAsync(server, run, TimeSpan.FromMilliseconds(random.Next(100, 900)), sent, acknowledged);
        }

        await using var last = await ServerProcess.StartAsync(folder.Path, Token);
        var found = await ReadAllAsync(last);

        Assert.True(acknowledged.Count > runs * BatchSize, $"only {acknowledged.Count} records were acknowledged");
        Assert.DoesNotContain(acknowledged.Keys, id => !found.ContainsKey(id));
        Assert.DoesNotContain(found, f => f.Value != 1);
        Assert.DoesNotContain(found.Keys, id => !sent.ContainsKey(id));
    }

    private static async Task LoadUntilKilledAsync(
        ServerProcess server,
        int run,
        TimeSpan after,
        ConcurrentDictionary<string, byte> sent,
        ConcurrentDictionary<string, byte> acknowledged)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var senders = Enumerable.Range(0, Connections).Select(c => SendAsync(c)).ToList();
        await Task.Delay(after, TimeProvider.System, Token);
        await server.KillAsync();
        await Task.WhenAll(senders);

        async Task SendAsync(int connection)
        {
            for (var batch = 0; ; batch++)
            {
                var ids = Enumerable.Range(0, BatchSize).Select(i => $"{run}-{connection}-{batch}-{i}").ToList();
                ids.ForEach(id => sent.TryAdd(id, 0));
                try
                {
                    var (status, answer) = await server.PostAsync(string.Join('\n', ids.Select(Line)), "application/x-ndjson", Token);
                    if (status == HttpStatusCode.OK)
                    {
                        Assert.Equal(BatchSize, answer.GetProperty("accepted").GetInt32());
                        ids.ForEach(id => acknowledged.TryAdd(id, 0));
                    }
                }
                catch (HttpRequestException)
                {
                    return; // The server is gone.
                }
            }
        }
    }

    private static string Line(string id) => JsonSerializer.Serialize(new
    {
        id,
        service = "load",
        environment = "test",
        level = "info",
        message = Payload(id),
    });

    /// <summary>Computed from the id, so that an altered payload shows.</summary>
    private static string Payload(string id) => "payload of " + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private static async Task<Dictionary<string, int>> ReadAllAsync(ServerProcess server)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(string.Create(CultureInfo.InvariantCulture,
                $"/events?type=log.entry&order=asc&limit=1000{(cursor is null ? null : "&cursor=" + Uri.EscapeDataString(cursor))}"), Token);
            foreach (var entry in page.GetProperty("events").EnumerateArray())
            {
                var id = entry.GetProperty("id").GetString()!;
                found[id] = found.GetValueOrDefault(id) + 1;
                Assert.Equal(Payload(id), entry.GetProperty("message").GetString());
            }

            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        return found;
    }
}
