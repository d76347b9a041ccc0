using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R2: the power goes, and with it everything that no sync has brought to the disk.</summary>
[Collection(FaultCollection.Name)]
public sealed class PowerCutTests
{
    private const long DiskBytes = 1024L * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoAcknowledgedEventIsLostToAPowerCut()
    {
        var cuts = FaultTier.Runs(10, 200);
        var seed = FaultTier.NewSeed();
        using var disk = LoopDisk.Create(DiskBytes);
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        var random = new Random(seed);
        var spans = new List<(long From, long To)>();
        for (var cut = 0; cut < cuts; cut++)
        {
            spans.Add(await LoadUntilCutAsync(disk, driver, TimeSpan.FromMilliseconds(random.Next(100, 900)), []));
        }

        var verdict = await JudgeAsync(disk, driver, acks, spans);

        FaultTier.Report($"R2 power cut, {cuts} cuts, seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: cuts * 50);
    }

    // If this fails, the test above is blind. Here a sync takes 1 ms, and an answer needs as long to arrive: on a disk so
    // fast nothing would be lost by luck, so syncs are slowed down.
    [Fact]
    public async Task WithDurabilityAsyncTheSameTestFindsLosses()
    {
        var seed = FaultTier.NewSeed();
        string[] slow = [.. Strace.Command("fdatasync", "delay_enter=100ms"), "env", "CULPRIT_durability=async"];
        using var disk = LoopDisk.Create(DiskBytes);
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        var spans = new List<(long From, long To)>();
        Verdict verdict;
        do
        {
            spans.Add(await LoadUntilCutAsync(disk, driver, TimeSpan.FromMilliseconds(500), slow));
            verdict = await JudgeAsync(disk, driver, acks, spans);
        }
        while (verdict.Lost == 0 && spans.Count < 10);

        FaultTier.Report($"R2 with durability=async, {spans.Count} cuts, seed {seed}: {verdict} (losses are due here)");
        Assert.True(verdict.Lost > 0, $"nothing was lost in {spans.Count} power cuts without syncs: the test is blind");
    }

    /// <summary>The time in which acknowledgements count: from the start of the server to the last moment before the cut.</summary>
    private static async Task<(long From, long To)> LoadUntilCutAsync(LoopDisk disk, LoadDriver driver, TimeSpan after, string[] wrapper)
    {
        var from = TimeProvider.System.GetTimestamp();
        await using var server = ServerProcess.Launch(disk.Path, wrapper, null);
        await server.ListenAsync(Token);
        var sending = driver.SendAsync(server, CancellationToken.None);
        await server.EndsWithinAsync(after, Token);
        var cut = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        driver.OnNextAnswer(() =>
        {
            // Right after an answer: were it given before its sync, the sync would not be done yet.
            var to = TimeProvider.System.GetTimestamp();
            disk.CutPower();
            cut.SetResult(to);
        });
        var to = await cut.Task;
        await server.KillAsync();
        await sending;
        disk.Remount();
        return (from, to);
    }

    private static async Task<Verdict> JudgeAsync(LoopDisk disk, LoadDriver driver, AckJournal acks, List<(long From, long To)> spans)
    {
        var start = TimeProvider.System.GetTimestamp();
        await using var server = await ServerProcess.StartAsync(disk.Path, Token);
        await Oracle.PassesEndToEndAsync(server, driver, Token);
        return await Oracle.CheckAsync(
            server, driver, acks, ack => ack.AtTicks >= start || spans.Exists(s => ack.AtTicks >= s.From && ack.AtTicks <= s.To), Token);
    }
}
