using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>SIGTERM ends the server within 25 s, whatever its clients do.</summary>
[Collection(FaultCollection.Name)]
public sealed class ShutdownTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SigtermEndsTheServerInTimeWithHangingClients()
    {
        var seed = FaultTier.NewSeed();
        using var folder = new TempFolder();
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        TimeSpan took;
        await using (var server = await ServerProcess.StartAsync(folder.Path, Token))
        {
            var sending = driver.SendAsync(server, CancellationToken.None);
            using var dripping = await DripAsync(server.Http.BaseAddress!);
            using var silent = await OpenAsync(server.Http.BaseAddress!, "GET /events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
            using var socket = new ClientWebSocket();
            await socket.ConnectAsync(new UriBuilder(server.Http.BaseAddress!) { Scheme = "ws", Path = "/ws/idle" }.Uri, Token);
            await Wait.UntilAsync("events are taken", Limit, () => Task.FromResult(driver.Acknowledged > 1000), Token);

            var start = TimeProvider.System.GetTimestamp();
            Assert.Equal(0, await server.StopAsync());
            took = TimeProvider.System.GetElapsedTime(start);
            await sending;
        }

        await using var restarted = await ServerProcess.StartAsync(folder.Path, Token);
        var verdict = await Oracle.CheckAsync(restarted, driver, acks, null, Token);

        FaultTier.Report($"Shutdown with a dripping body, a silent SSE and an open WebSocket, 1 run: {took.TotalSeconds:0.0} s; {verdict}");
        verdict.MustBeClean(atLeast: 1000);
        Assert.True(took < Limit, $"it took {took}");
    }

    private static async Task<TcpClient> OpenAsync(Uri address, string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token);
        return client;
    }

    /// <summary>A body that arrives just fast enough not to be called too slow.</summary>
    private static async Task<TcpClient> DripAsync(Uri address)
    {
        var client = await OpenAsync(address, "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
        _ = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            try
            {
                while (await timer.WaitForNextTickAsync(CancellationToken.None))
                {
                    await client.GetStream().WriteAsync(new byte[100], CancellationToken.None);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // Cut off, as it should be.
            }
        });
        return client;
    }
}
