using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Faults;

/// <summary>R1: kill -9 at random moments, at named points, during recovery and during the shutdown.</summary>
[Collection(FaultCollection.Name)]
public sealed class KillTests
{
    private static readonly TimeSpan PointPatience = TimeSpan.FromSeconds(5);

    // Compaction looks for work 2 s after the start, on a busy machine later.
    private static readonly TimeSpan MergePatience = TimeSpan.FromSeconds(30);

    // As many small segments as a merge wants.
    private const int SegmentsToMerge = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Ways to die, in turn; each with a moment or a visit by chance.</summary>
    private static readonly Func<Random, Death>[] Deaths =
    [
        random => new Death { After = TimeSpan.FromMilliseconds(random.Next(100, 900)) },
        random => new Death { Point = $"journal-after-write:{random.Next(1, 100)}" },
        random => new Death { Point = $"journal-before-sync:{random.Next(1, 100)}" },
        random => new Death { Point = $"journal-after-sync:{random.Next(1, 100)}" },
        random => new Death { Point = $"journal-before-ack:{random.Next(1, 100)}" },
        _ => new Death { Point = "journal-after-rotate", IsAtStart = true },
        _ => new Death { Point = "recovery-headers-read", IsAtStart = true },
        _ => new Death { Point = "recovery-last-segment-synced", IsAtStart = true },
        random => new Death { After = TimeSpan.FromMilliseconds(random.Next(50, 1200)), IsAtStart = true },
        random => new Death { Point = $"engine-before-apply:{random.Next(1, 3)}" },
        random => new Death { Point = $"engine-after-apply:{random.Next(1, 3)}" },
        _ => new Death { Point = "store-files-written", IsAtStop = true },
        _ => new Death { Point = "store-published", IsAtStop = true },
    ];

    [Fact]
    public async Task NoAcknowledgedEventIsLostDoubledOrAltered()
    {
        var runs = FaultTier.Runs(20, 200);
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        using var folder = new TempFolder();
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks, batchSize: FaultTier.Pick(50, 4000));
        var missed = 0;
        for (var run = 0; run < runs; run++)
        {
            var death = Deaths[run % Deaths.Length](random);
            missed += await DieAsync(death, folder.Path, driver) ? 0 : 1;
        }

        await using var last = await ServerProcess.StartAsync(folder.Path, Token);
        await Oracle.PassesEndToEndAsync(last, driver, Token);
        var verdict = await Oracle.CheckAsync(last, driver, acks, null, Token);

        FaultTier.Report($"R1 kill -9, {runs} kills ({missed} of them at another place than scheduled), seed {seed}: {verdict}");
        verdict.MustBeClean(atLeast: runs * 50);
        Assert.True(missed <= runs / 4, $"{missed} of {runs} deaths did not come at their point");
    }

    /// <summary>Segments are merged while events arrive, and the server dies when the merged file is written, then when it is listed.</summary>
    [Fact]
    public async Task AMergeThatIsKilledLosesNothingAndIsMadeAgain()
    {
        var rounds = FaultTier.Pick(1, 10);
        var seed = FaultTier.NewSeed();
        var total = new Verdict();
        for (var round = 0; round < rounds; round++)
        {
            total.Add(await KillMergesAsync(seed + round));
        }

        FaultTier.Report($"R1 kill -9 in a merge, {2 * rounds} kills, seed {seed}: {total}");
        total.MustBeClean(atLeast: rounds * SegmentsToMerge);
    }

    private static async Task<Verdict> KillMergesAsync(int seed)
    {
        using var folder = new TempFolder();
        using var outside = new TempFolder();
        using var acks = new AckJournal(Path.Combine(outside.Path, "acks"));
        var driver = new LoadDriver(seed, acks);
        var segments = Path.Combine(folder.Path, "segments");
        for (var life = 0; life < SegmentsToMerge; life++)
        {
            await LiveShortlyAsync(folder.Path, driver);
        }

        var small = Files(segments);
        Assert.Equal(SegmentsToMerge, small.Length);
        Assert.True(await DieAsync(new Death { Point = "merge-file-written", Patience = MergePatience }, folder.Path, driver), "no merge");
        Assert.Single(Files(segments), IsMerged);
        Assert.Empty(small.Except(Files(segments)));
        Assert.True(await DieAsync(new Death { Point = "merge-listed", Patience = MergePatience }, folder.Path, driver), "no second merge");
        Assert.Single(Files(segments), IsMerged); // The first one was in no list, and the start deleted it.
        Assert.Empty(small.Except(Files(segments)));

        await using var last = await ServerProcess.StartAsync(folder.Path, Token);
        Assert.Single(Files(segments), IsMerged);
        Assert.Empty(small.Intersect(Files(segments)));
        await Oracle.PassesEndToEndAsync(last, driver, Token);
        return await Oracle.CheckAsync(last, driver, acks, null, Token);
    }

    private static string[] Files(string segments) => Directory.GetFiles(segments, "*.parquet");

    /// <summary>A merged file has a third number in its name.</summary>
    private static bool IsMerged(string file) => Path.GetFileName(file).Count(c => c == '-') > 1;

    /// <summary>A life that ends well, with a few events: it leaves a small segment.</summary>
    private static async Task LiveShortlyAsync(string folder, LoadDriver driver)
    {
        await using var server = await ServerProcess.StartAsync(folder, Token);
        await driver.SendFreshAsync(server, Token);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>One life of the server. False when it did not die where it should have, and was killed.</summary>
    private static async Task<bool> DieAsync(Death death, string folder, LoadDriver driver)
    {
        var environment = death.Point is null ? null : new Dictionary<string, string> { ["FAULT_POINT"] = death.Point };
        await using var server = ServerProcess.Launch(folder, [], environment);
        if (death.IsAtStart)
        {
            var hasDied = await server.EndsWithinAsync(death.After ?? death.Patience, Token);
            await server.KillAsync();
            return hasDied || death.Point is null;
        }

        if (!await ListensAsync(server))
        {
            return true; // The place was met before: the start writes to the journal, too.
        }

        using var stop = new CancellationTokenSource();
        var sending = driver.SendAsync(server, stop.Token);
        if (death.IsAtStop)
        {
            await server.EndsWithinAsync(TimeSpan.FromMilliseconds(300), Token);
            server.Terminate();
        }

        var isDead = await server.EndsWithinAsync(death.After ?? death.Patience, Token);
        await server.KillAsync();
        await sending;
        return isDead || death.Point is null;
    }

    private static async Task<bool> ListensAsync(ServerProcess server)
    {
        try
        {
            await server.ListenAsync(Token);
            return true;
        }
        catch (InvalidOperationException) when (server.HasExited)
        {
            return false;
        }
    }

    private sealed record Death
    {
        public string? Point { get; init; }

        public TimeSpan? After { get; init; }

        /// <summary>How long to wait for the point.</summary>
        public TimeSpan Patience { get; init; } = PointPatience;

        /// <summary>Before the server listens.</summary>
        public bool IsAtStart { get; init; }

        /// <summary>After SIGTERM.</summary>
        public bool IsAtStop { get; init; }
    }
}
