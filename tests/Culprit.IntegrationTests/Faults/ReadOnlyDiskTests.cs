using Culprit.IntegrationTests.Support;
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

    private static async Task<string?> JournalStateAsync(ServerProcess server) =>
        (await server.GetAsync("/health/detailed", Token)).GetProperty("components").GetProperty("storage").GetProperty("journal_state").GetString();
}
