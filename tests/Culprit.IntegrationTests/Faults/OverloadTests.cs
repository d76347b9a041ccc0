using System.Globalization;
using System.Net;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R7: five times more senders than the server needs to be busy, with a lowered memory cap.</summary>
/// <remarks>
/// Goodput is what was acknowledged per second. Its peak is that of four senders, which keep the server busy; windows of four and
/// of twenty senders take turns, so that a server that slows down with its data, or a busier machine, meets both alike. The senders
/// take processor time from the server, twenty no less than four: that counts against the server.
/// </remarks>
[Collection(FaultCollection.Name)]
public sealed class OverloadTests
{
    private const int CapMebibytes = 384;
    private const int BatchRecords = 2000;
    private const int Busy = 4;
    private const int Overload = 5 * Busy;
    private const double LeastGoodput = 0.8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnderOverloadMemoryStaysWithinItsCapAndGoodputNearItsPeak()
    {
        var turns = FaultTier.Pick(3, 4);
        var span = TimeSpan.FromSeconds(FaultTier.IsLarge ? 65 : 2);
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string>
        {
            ["CULPRIT_memory__maxMebibytes"] = CapMebibytes.ToString(CultureInfo.InvariantCulture),
        };
        await using var server = await ServerProcess.StartAsync(folder.Path, Token, environment);
        var body = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, BatchRecords).Select(i =>
            $$"""{"service":"s{{i % 20}}","environment":"test","level":"info","message":"request {{i}} served in {{i % 97}} ms for user {{i * 7919 % 1000}}"}""")));

        // Until its code is compiled and its buffers are full: both kinds of windows begin behind that.
        var warm = await LoadAsync(server, body, Overload, TimeSpan.FromSeconds(4));
        var (peak, over) = (new Load(), new Load());
        for (var turn = 0; turn < turns; turn++)
        {
            peak.Add(await LoadAsync(server, body, Busy, span));
            over.Add(await LoadAsync(server, body, Overload, span));
        }

        var goodput = over.PerSecond / peak.PerSecond;
        var resident = Math.Max(warm.Resident, Math.Max(peak.Resident, over.Resident));
        FaultTier.Report(
            $"R7 overload, {turns} times {span.TotalSeconds:0} s each with {Busy} and with {Overload} senders, cap {CapMebibytes} MiB: {peak.PerSecond:0} and {over.PerSecond:0} records/s ({goodput:P0}), {peak.Refused} and {over.Refused} refusals, at most {resident / 1048576.0:0} MiB resident");
        Assert.True(resident < CapMebibytes * 1.1 * 1048576, "over the cap");
        Assert.True(over.Refused > 0, "the test did not overload the server");
        Assert.True(goodput >= LeastGoodput, $"goodput fell to {goodput:P0} of its peak");
        Assert.Equal(0, warm.WithoutTime + peak.WithoutTime + over.WithoutTime);

        // What was counted is what the journal has, ticks aside.
        var storage = (await server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("storage");
        var seconds = warm.Seconds + peak.Seconds + over.Seconds;
        Assert.InRange(
            storage.GetProperty("journal_last_sequence").GetInt64() - warm.Accepted - peak.Accepted - over.Accepted, 0, 100 + (int)(2 * seconds));
    }

    private static async Task<Load> LoadAsync(ServerProcess server, byte[] body, int senders, TimeSpan span)
    {
        var load = new Load();
        var start = TimeProvider.System.GetTimestamp();
        using var stop = new CancellationTokenSource(span);
        await Task.WhenAll([
            WatchAsync(server.Id, load, stop.Token),
            .. Enumerable.Range(0, senders).Select(_ => Task.Run(() => SendAsync(server, body, load, stop.Token), CancellationToken.None)),
        ]);
        load.Seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds; // Answers that came after the end are counted, and so is their time.
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

        public double Seconds { get; set; }

        public double PerSecond => Accepted / Seconds;

        public void Add(Load other)
        {
            Accepted += other.Accepted;
            Refused += other.Refused;
            WithoutTime += other.WithoutTime;
            Resident = Math.Max(Resident, other.Resident);
            Seconds += other.Seconds;
        }
    }
}
