using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R4 on the real server: the kernel says that an fdatasync failed.</summary>
[Collection(FaultCollection.Name)]
public sealed class FailedSyncTests
{
    private const string FirstSegment = "00000000000000000001.wal";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AfterOneFailedSyncTheServerGoesOnInANewSegment()
    {
        var runs = FaultTier.Pick(2, 20);
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        var (acknowledged, lost) = (0L, 0L);
        for (var run = 0; run < runs; run++)
        {
            using var folder = new TempFolder();
            var journal = Path.Combine(folder.Path, "journal");
            var fault = FormattableString.Invariant($"error={(run % 2 == 0 ? "EIO" : "ENOSPC")}:when={random.Next(1, 40)}");
            var wrapper = Strace.Command("fdatasync", fault, Path.Combine(journal, FirstSegment));
            var verdict = await RunAsync(folder.Path, wrapper, seed + run, async (server, driver) =>
            {
                await Wait.UntilAsync("a second segment", Patience, () => Task.FromResult(Directory.GetFiles(journal, "*.wal").Length > 1), Token);
                var before = driver.Acknowledged;
                await Wait.UntilAsync("the server goes on", Patience, () => Task.FromResult(driver.Acknowledged > before + 500), Token);
            });
            (acknowledged, lost) = (acknowledged + verdict.Acknowledged, lost + verdict.Lost);
            verdict.MustBeClean(atLeast: 500);
        }

        FaultTier.Report($"R4 one fdatasync of the server fails, {runs} runs, seed {seed}: {lost} of {acknowledged} acknowledged events lost");
    }

    [Fact]
    public async Task WhenEverySyncFailsTheServerRefusesAndGivesNoFalseAcknowledgement()
    {
        var seed = FaultTier.NewSeed();
        using var folder = new TempFolder();
        var verdict = await RunAsync(folder.Path, Strace.Command("fdatasync", "error=EIO:when=60+"), seed, async (server, driver) =>
        {
            await Wait.UntilAsync("the driver is refused", Patience, () => Task.FromResult(driver.Refusals > 20), Token);
            Assert.Equal(0, driver.RefusalsWithoutTime);
            Assert.False(server.HasExited, server.Output);
        });

        FaultTier.Report($"R4 every fdatasync of the server fails from the 60th on, 1 run, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: 50);
    }

    /// <summary>Runs a server under the fault and the driver, kills it, and judges what a server without the fault finds.</summary>
    private static async Task<Verdict> RunAsync(string folder, string[] wrapper, int seed, Func<ServerProcess, LoadDriver, Task> underFault)
    {
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        using var stop = new CancellationTokenSource();
        await using (var server = ServerProcess.Launch(folder, wrapper, null))
        {
            await server.ListenAsync(Token);
            var sending = driver.SendAsync(server, stop.Token);
            await underFault(server, driver);
            await stop.CancelAsync();
            await sending;
            await server.KillAsync();
        }

        await using var restarted = await ServerProcess.StartAsync(folder, Token);
        await Oracle.PassesEndToEndAsync(restarted, driver, Token);
        return await Oracle.CheckAsync(restarted, driver, acks, null, Token);
    }
}
