using System.Globalization;
using System.Net;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R7: five times more senders than the server needs to be busy, with a lowered memory cap.</summary>
[Collection(FaultCollection.Name)]
public sealed class OverloadTests
{
    private const int CapMebibytes = 384;
    private const int BatchRecords = 2000;

    // What is short on a busy machine of two cores is the processor, which the senders share: the small tier only finds collapse.
    private static readonly double LeastGoodput = FaultTier.IsLarge ? 0.8 : 0.4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnderOverloadMemoryStaysWithinItsCapAndGoodputNearItsPeak()
    {
        var span = TimeSpan.FromSeconds(FaultTier.Pick(5, 100));
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string>
        {
            ["CULPRIT_memory__maxMebibytes"] = CapMebibytes.ToString(CultureInfo.InvariantCulture),
        };
        await using var server = await ServerProcess.StartAsync(folder.Path, Token, environment);
        var body = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, BatchRecords).Select(i =>
            $$"""{"service":"s{{i % 20}}","environment":"test","level":"info","message":"request {{i}} served in {{i % 97}} ms for user {{i * 7919 % 1000}}"}""")));
        var warm = await LoadAsync(server, body, 4, TimeSpan.FromSeconds(3));

        var peak = await LoadAsync(server, body, 4, span);
        var over = await LoadAsync(server, body, 20, span);

        var perSecond = over.Accepted / span.TotalSeconds;
        FaultTier.Report(
            $"R7 overload, 4 then 20 senders, {span.TotalSeconds:0} s each, cap {CapMebibytes} MiB: {peak.Accepted / span.TotalSeconds:0} then {perSecond:0} records/s ({over.Accepted / (double)peak.Accepted:P0}), {peak.Refused} then {over.Refused} refusals, at most {Math.Max(peak.Resident, over.Resident) / 1048576.0:0} MiB resident");
        Assert.True(Math.Max(peak.Resident, over.Resident) < CapMebibytes * 1.1 * 1048576, "over the cap");
        Assert.True(over.Accepted > LeastGoodput * peak.Accepted, "goodput collapsed");
        Assert.Equal(0, peak.WithoutTime + over.WithoutTime);

        // What was counted is what the journal has, ticks aside.
        var storage = (await server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("storage");
        Assert.InRange(storage.GetProperty("journal_last_sequence").GetInt64() - warm.Accepted - peak.Accepted - over.Accepted, 0, 100 + (int)(3 * span.TotalSeconds));
    }

    private static async Task<Load> LoadAsync(ServerProcess server, byte[] body, int senders, TimeSpan span)
    {
        var load = new Load();
        using var stop = new CancellationTokenSource(span);
        await Task.WhenAll([
            WatchAsync(server.Id, load, stop.Token),
            .. Enumerable.Range(0, senders).Select(_ => Task.Run(() => SendAsync(server, body, load, stop.Token), CancellationToken.None)),
        ]);
        return load;
    }

    private static async Task SendAsync(ServerProcess server, byte[] body, Load load, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/x-ndjson");
            using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, CancellationToken.None);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                Interlocked.Add(ref load.Accepted, BatchRecords);
                continue;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Interlocked.Increment(ref load.Refused);
            if (response.Headers.RetryAfter?.Delta?.TotalSeconds is not (>= 1 and <= 60))
            {
                Interlocked.Increment(ref load.WithoutTime);
            }

            // Far more impatient than it was told to be.
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task WatchAsync(int process, Load load, CancellationToken stop)
    {
        var status = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!stop.IsCancellationRequested)
        {
            var line = File.ReadLines(status).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            var kilobytes = long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture);
            load.Resident = Math.Max(load.Resident, 1024 * kilobytes);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private sealed class Load
    {
        public long Accepted;
        public long Refused;
        public long WithoutTime;

        public long Resident { get; set; }
    }
}
