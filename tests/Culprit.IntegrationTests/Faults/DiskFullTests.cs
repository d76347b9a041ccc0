using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>A full disk: refused with a time to come back, nothing lost, and work resumes by itself.</summary>
[Collection(FaultCollection.Name)]
public sealed class DiskFullTests
{
    private const long MiB = 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFullDiskRefusesLosesNothingAndResumesWithoutARestart()
    {
        var seed = FaultTier.NewSeed();
        using var disk = LoopDisk.Create(64 * MiB);
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks, connections: 2, batchSize: 5);
        using var stop = new CancellationTokenSource();
        Verdict verdict;
        TimeSpan resumed;
        await using (var server = await ServerProcess.StartAsync(disk.Path, Token))
        {
            var sending = driver.SendAsync(server, stop.Token);
            await Wait.UntilAsync("events are taken", Patience, () => Task.FromResult(driver.Acknowledged > 500), Token);
            var filler = Path.Combine(disk.Path, "filler");
            Fill(filler);
            await Wait.UntilAsync("the driver is refused", Patience, () => Task.FromResult(driver.Refusals > 100), Token);
            await Wait.UntilAsync("the reserve is given away", Patience, () => Task.FromResult(!File.Exists(Path.Combine(disk.Path, "reserve"))), Token);
            Fill(filler); // And what the reserve gave: now nothing can be written at all.
            await server.EndsWithinAsync(TimeSpan.FromSeconds(3), Token);
            Assert.False(server.HasExited, server.Output);
            Assert.NotEmpty((await server.GetAsync("/events?limit=10", Token)).GetProperty("events").EnumerateArray());
            var before = driver.Acknowledged;

            File.Delete(filler);
            resumed = await Wait.UntilAsync("events are taken again", Patience, () => Task.FromResult(driver.Acknowledged > before), Token);
            await stop.CancelAsync();
            await sending;
            await Oracle.PassesEndToEndAsync(server, driver, Token);
            await server.KillAsync();
        }

        await using (var server = await ServerProcess.StartAsync(disk.Path, Token))
        {
            await Oracle.PassesEndToEndAsync(server, driver, Token);
            verdict = await Oracle.CheckAsync(server, driver, acks, null, Token);
        }

        FaultTier.Report($"Disk full, 1 run, {driver.Refusals} refusals, resumed {resumed.TotalSeconds:0.0} s after space returned, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 500);
        Assert.Equal(0, driver.RefusalsWithoutTime);
        Assert.True(resumed < TimeSpan.FromSeconds(30), $"resumed after {resumed}");
    }

    private static void Fill(string path)
    {
        var block = new byte[64 * 1024];
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
