using Culprit.IntegrationTests.Support;
using Culprit.Server.Journal;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>The kernel meets an error and makes the file system read-only, as on a failing disk.</summary>
[Collection(FaultCollection.Name)]
public sealed class ReadOnlyDiskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADiskThatTurnsReadOnlyIsSaidAndNothingAcknowledgedIsLost()
    {
        var seed = FaultTier.NewSeed();
        using var disk = LoopDisk.Create(512L * 1024 * 1024, "errors=remount-ro");
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        using var stop = new CancellationTokenSource();
        await using (var server = await ServerProcess.StartAsync(disk.Path, Token))
        {
            var sending = driver.SendAsync(server, stop.Token);
            await Wait.UntilAsync("events are taken", Patience, () => Task.FromResult(driver.Acknowledged > 1000), Token);
            disk.TriggerError();
            await Wait.UntilAsync("the journal is read-only", Patience, async () => await JournalStateAsync(server) == "readonly", Token);
            await Wait.UntilAsync("the driver is refused", Patience, () => Task.FromResult(driver.Refusals > 10), Token);
            await stop.CancelAsync();
            await sending;
            Assert.NotEmpty((await server.GetAsync("/events?limit=10", Token)).GetProperty("events").EnumerateArray());
            await server.KillAsync();
        }

        disk.Remount();
        await using var restarted = await ServerProcess.StartAsync(disk.Path, Token);
        await Oracle.PassesEndToEndAsync(restarted, driver, Token);
        var verdict = await Oracle.CheckAsync(restarted, driver, acks, null, Token);

        FaultTier.Report($"Read-only remount, 1 run, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 1000);
        Assert.Equal(0, driver.RefusalsWithoutTime);
    }

    /// <summary>The moment between the file system's error and its refusing syncs, met in about one of twelve rounds.</summary>
    [Fact]
    public async Task ASyncAroundTheErrorThatMakesADiskReadOnlyIsNotTakenForOne()
    {
        var rounds = FaultTier.Pick(small: 30, large: 300);
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            using var disk = LoopDisk.Create(64L * 1024 * 1024, "errors=remount-ro");
            var path = Path.Combine(disk.Path, "file");
            var fail = TimeSpan.FromMilliseconds(random.Next(5, 60));
            var error = Task.Run(
                async () =>
                {
                    await Task.Delay(fail, Token);
                    disk.TriggerError();
                },
                Token);
            var synced = WriteUntilRefused(path);
            await error;
            disk.Remount();

            Assert.True(new FileInfo(path).Length >= synced, $"round {round}: {synced} bytes synced, {new FileInfo(path).Length} on the disk");
        }

        FaultTier.Report($"Syncs around the error that makes a disk read-only, {rounds} rounds, seed {seed}: none answered and lost");
    }

    private static long WriteUntilRefused(string path)
    {
        var synced = 0L;
        var block = new byte[512];
        try
        {
            using var file = PosixFileSystem.OfThisSystem().Create(path);
            while (true)
            {
                file.Write([block], synced);
                file.Sync();
                synced += block.Length;
            }
        }
        catch (DiskException)
        {
            return synced;
        }
    }

    private static async Task<string?> JournalStateAsync(ServerProcess server) =>
        (await server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("storage").GetProperty("journal_state").GetString();
}
