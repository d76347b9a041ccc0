using Culprit.Server.Journal;
using Culprit.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Journal;

/// <summary>No fault of the disk makes a success answer untrue.</summary>
public sealed class JournalFaultTests
{
    private const int Appends = 14;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int, int, bool> Faults()
    {
        var data = new TheoryData<int, int, bool>();
        foreach (var errno in (int[])[DiskException.InputOutput, DiskException.NoSpace])
        {
            foreach (var calls in (int[])[1, 2, 3, 1000])
            {
                data.Add(errno, calls, true);
                data.Add(errno, calls, false);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task EveryAcknowledgedRecordSurvivesAFailureOfTheNthCall(int errno, int calls, bool isPowerCut)
    {
        var last = FaultTier.Pick(60, 500);
        var appends = FaultTier.Pick(Appends, 150); // Enough for so many calls.
        var acknowledged = 0;
        for (var n = 1; n <= last; n++)
        {
            var disk = new FakeDisk { Fault = (call, _) => call >= n && call < n + calls ? errno : null };
            var run = await RunAsync(disk, JournalBench.Options(400), appends);

            var next = disk.Restart(isPowerCut, isPowerCut && n % 2 == 0 ? new Random(n) : null);
            await run.CheckAsync(next, $"n={n}");

            Assert.Equal(0, disk.ForbiddenSyncs);
            Assert.True(calls > 1 || errno != DiskException.NoSpace || run.Acknowledged.Count >= appends - 1, $"n={n}");
            acknowledged += run.Acknowledged.Count;
        }

        FaultTier.Report($"R4 the n-th write, sync, rename, unlink or truncate fails, n = 1 to {last}, {calls} calls, errno {errno}, power cut {isPowerCut}: 0 false of {acknowledged} acknowledgements");
    }

    [Fact]
    public async Task EveryAcknowledgedRecordSurvivesFailuresDuringRecovery()
    {
        for (var n = 1; n <= 50; n++)
        {
            var disk = new FakeDisk();
            var run = await RunAsync(disk, JournalBench.Options(400));
            var second = disk.Restart(isPowerCut: false);
            second.Fault = (call, _) => call == n ? DiskException.InputOutput : null;
            await run.AppendAsync(second, JournalBench.Options(400));

            await run.CheckAsync(second.Restart(isPowerCut: true), $"n={n}");

            Assert.Equal(0, second.ForbiddenSyncs);
        }
    }

    [Fact]
    public async Task APowerCutAtAnyCallTakesNothingAcknowledged()
    {
        for (var n = 1; n <= 80; n++)
        {
            Assert.Equal(0, await LossesAfterPowerCutAsync(n, Durability.Sync));
        }
    }

    // If this fails, the test above is blind.
    [Fact]
    public async Task WithDurabilityAsyncTheSameTestFindsLosses()
    {
        var losses = 0;
        for (var n = 1; n <= 80; n++)
        {
            losses += await LossesAfterPowerCutAsync(n, Durability.Async);
        }

        Assert.True(losses > 0);
    }

    [Fact]
    public async Task WithDurabilityAsyncAFailedSyncRewritesWhatWasAcknowledged()
    {
        var isBroken = false;
        var disk = new FakeDisk();
        disk.Fault = (_, call) => isBroken && call == "sync" && !(isBroken = false) ? DiskException.InputOutput : null;
        await using (var journal = JournalBench.Open(disk, JournalBench.Options(durability: Durability.Async)))
        {
            await journal.AppendAsync(JournalBench.Batch("a"), Token);
            await Until(() => journal.Counters.Syncs >= 2);
            isBroken = true;
            await journal.AppendAsync(JournalBench.Batch("b"), Token);
            await Until(() => journal.Counters.FailedWrites == 1);
            await journal.AppendAsync(JournalBench.Batch("c"), Token);
        }

        await using var reopened = JournalBench.Open(disk.Restart(isPowerCut: true));

        Assert.Equal([(1, "a"), (2, "b"), (3, "c")], await JournalBench.ReadAllAsync(reopened, Token));
        Assert.Equal(0, disk.ForbiddenSyncs);
    }

    [Fact]
    public async Task AfterAFailedSyncTheGroupGoesToANewSegmentAndIsReadOnce()
    {
        var disk = new FakeDisk();
        await using var journal = JournalBench.Open(disk);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);
        var failures = 1;
        disk.Fault = (_, call) => call == "truncate" || (call == "sync" && failures-- > 0) ? DiskException.InputOutput : null;

        var answer = await journal.AppendAsync(JournalBench.Batch("b"), Token);

        Assert.Equal(2, answer.Batch!.FirstSequence);
        Assert.True(disk.Has(JournalBench.PathOf(2)));
        Assert.True(disk.Content(JournalBench.PathOf(1)).AsSpan().IndexOf("b"u8) > 0);
        await using var reopened = JournalBench.Open(disk.Restart(isPowerCut: false));
        Assert.Equal([(1, "a"), (2, "b")], await JournalBench.ReadAllAsync(reopened, Token));
        Assert.Equal(0, reopened.CorruptRangeCount);
    }

    [Fact]
    public async Task WhenTheDiskFailsTwiceTheJournalIsReadOnlyUntilARestart()
    {
        var disk = new FakeDisk();
        var clock = new FakeTimeProvider();
        await using var journal = JournalBench.Open(disk, clock: clock);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);
        disk.Fault = (_, _) => DiskException.InputOutput;

        var failed = await journal.AppendAsync(JournalBench.Batch("b"), Token);
        disk.Fault = (_, _) => null;
        clock.Advance(TimeSpan.FromMinutes(1));
        var later = await journal.AppendAsync(JournalBench.Batch("c"), Token);

        Assert.Contains("read-only", failed.Refusal, StringComparison.Ordinal);
        Assert.Contains("read-only", later.Refusal, StringComparison.Ordinal);
        Assert.Equal(JournalState.ReadOnly, journal.State);
        Assert.Equal(2, journal.Counters.Refused(RefusalReason.ReadOnly));
        await using var reopened = JournalBench.Open(disk.Restart(isPowerCut: true));
        Assert.Equal([(1, "a")], await JournalBench.ReadAllAsync(reopened, Token));
    }

    [Fact]
    public async Task WhenTheDiskWasFullAppendsResumeWithoutARestart()
    {
        var disk = new FakeDisk();
        var clock = new FakeTimeProvider();
        await using var journal = JournalBench.Open(disk, clock: clock);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);
        disk.Fault = (_, call) => call is "write" or "create" ? DiskException.NoSpace : null;

        var full = await journal.AppendAsync(JournalBench.Batch("b"), Token);
        var soon = await journal.AppendAsync(JournalBench.Batch("c"), Token);
        var calls = disk.Calls;
        await journal.AppendTickAsync(1, Token);
        Assert.Equal(calls, disk.Calls);
        disk.Fault = (_, _) => null;
        clock.Advance(TimeSpan.FromSeconds(3));
        var resumed = await journal.AppendAsync(JournalBench.Batch("d"), Token);

        Assert.Contains("full", full.Refusal, StringComparison.Ordinal);
        Assert.Contains("full", soon.Refusal, StringComparison.Ordinal);
        Assert.Equal(2, resumed.Batch!.FirstSequence);
        Assert.Equal(JournalState.Writable, journal.State);
        Assert.Equal([(1, "a"), (2, "d")], await JournalBench.ReadAllAsync(journal, Token));
    }

    [Fact]
    public async Task WhatWasRefusedDoesNotReturnInPlaceOfWhatTookItsSequences()
    {
        var disk = new FakeDisk();
        var clock = new FakeTimeProvider();
        await using var journal = JournalBench.Open(disk, clock: clock);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);
        disk.Fault = (_, call) => call is "sync" or "create" or "truncate" ? DiskException.NoSpace : null;
        var refused = await journal.AppendAsync(JournalBench.Batch("no", "nor", "neither"), Token);
        disk.Fault = (_, _) => null;
        clock.Advance(TimeSpan.FromSeconds(3));

        await journal.AppendAsync(JournalBench.Batch("b"), Token);

        Assert.False(refused.Accepted);
        Assert.True(disk.Content(JournalBench.PathOf(1)).AsSpan().IndexOf("neither"u8) > 0);
        var next = disk.Restart(isPowerCut: false);
        await using (var reopened = JournalBench.Open(next))
        {
            Assert.Equal([(1, "a"), (2, "b")], await JournalBench.ReadAllAsync(reopened, Token));
            Assert.Equal(0, reopened.CorruptRangeCount);
        }

        // Nor when damage makes the reader search for the next frame.
        var bytes = next.Content(JournalBench.PathOf(1));
        bytes[SegmentHeader.TotalBytes + Frame.HeaderBytes] ^= 1;
        next.Put(JournalBench.PathOf(1), bytes);
        await using var damaged = JournalBench.Open(next);
        Assert.Equal((2, "b"), (await JournalBench.ReadAllAsync(damaged, Token))[0]);
    }

    [Fact]
    public async Task WhatARestartShowsSurvivesAPowerCutAfterIt()
    {
        var disk = new FakeDisk();
        await using var journal = JournalBench.Open(disk);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);
        disk.SyncGate.Reset();
        var unsynced = journal.AppendAsync(JournalBench.Batch("written-not-synced"), Token);
        await Until(() => disk.Content(JournalBench.PathOf(1)).AsSpan().IndexOf("written-not-synced"u8) > 0);
        var killed = disk.Restart(isPowerCut: false);
        disk.SyncGate.Set();
        Assert.False((await unsynced).Accepted);

        await using var second = JournalBench.Open(killed);
        Assert.Equal(2, second.LastSequence);
        await using var third = JournalBench.Open(killed.Restart(isPowerCut: true));

        Assert.Equal(2, third.LastSequence);
    }

    [Fact]
    public async Task WhenTheSyncOfARestartFailsTheSegmentIsWrittenAnew()
    {
        var disk = new FakeDisk();
        await using (var journal = JournalBench.Open(disk))
        {
            await journal.AppendAsync(JournalBench.Batch("a", "b"), Token);
        }

        var second = disk.Restart(isPowerCut: false);
        var failures = 1;
        second.Fault = (_, call) => call == "sync" && failures-- > 0 ? DiskException.InputOutput : null;
        await using var restarted = JournalBench.Open(second);
        await using var third = JournalBench.Open(second.Restart(isPowerCut: true));

        Assert.True(failures <= 0);
        Assert.Equal([(1, "a"), (2, "b")], await JournalBench.ReadAllAsync(third, Token));
        Assert.Equal(0, second.ForbiddenSyncs);
    }

    [Fact]
    public async Task ASegmentThatCannotBeDeletedIsDeletedByTheNextTrim()
    {
        var disk = new FakeDisk();
        await using var journal = JournalBench.Open(disk, JournalBench.Options(300));
        for (var i = 0; i < 20; i++)
        {
            await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(i, 100)), Token);
        }

        disk.Fault = (_, call) => call == "unlink" ? DiskException.InputOutput : null;
        journal.Trim(10);
        Assert.True(disk.Has(JournalBench.PathOf(1)));
        disk.Fault = (_, _) => null;
        journal.Trim(10);

        Assert.Equal(1, journal.Counters.FailedDeletions);
        Assert.False(disk.Has(JournalBench.PathOf(1)));
        Assert.Equal(20, (await JournalBench.ReadAllAsync(journal, Token))[^1].Sequence);
    }

    private static async Task<int> LossesAfterPowerCutAsync(int n, Durability durability)
    {
        var disk = new FakeDisk();
        FakeDisk? next = null;

        // The cut comes before the n-th call, and every later call of that machine fails.
        disk.Fault = (call, _) =>
        {
            if (call < n)
            {
                return null;
            }

            next ??= disk.Restart(isPowerCut: true, n % 2 == 0 ? new Random(n) : null);
            return DiskException.InputOutput;
        };
        var run = await RunAsync(disk, JournalBench.Options(600, durability));
        await using var reopened = JournalBench.Open(next ?? disk.Restart(isPowerCut: true));
        var found = await JournalBench.ReadAllAsync(reopened, Token);
        return run.Owed.Count(pair => found.Count(f => f.Sequence == pair.Key && f.Text == pair.Value) != 1);
    }

    private static async Task<AcknowledgedRun> RunAsync(FakeDisk disk, JournalOptions options, int appends = Appends)
    {
        var run = new AcknowledgedRun();
        await run.AppendAsync(disk, options, appends);
        return run;
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Remembers what was acknowledged, as a sender outside the faulted disk would.</summary>
    private sealed class AcknowledgedRun
    {
        private int _number;
        private long _trimmed;

        public SortedDictionary<long, string> Acknowledged { get; } = [];

        /// <summary>What must still be there: acknowledged and not trimmed.</summary>
        public IEnumerable<KeyValuePair<long, string>> Owed => Acknowledged.Where(pair => pair.Key > _trimmed);

        public async Task AppendAsync(FakeDisk disk, JournalOptions options, int appends = Appends)
        {
            var clock = new FakeTimeProvider();
            if (TryOpen(disk, options, clock) is not { } journal)
            {
                return;
            }

            await using var _ = journal;
            for (var i = 0; i < appends; i++)
            {
                string[] bodies = [$"r{_number++}", $"r{_number++}"];
                clock.Advance(TimeSpan.FromSeconds(5));
                var answer = await journal.AppendAsync(JournalBench.Batch(bodies), Token);
                if (answer.Batch is { } batch)
                {
                    Acknowledged[batch.FirstSequence] = bodies[0];
                    Acknowledged[batch.FirstSequence + 1] = bodies[1];
                }

                if (i == appends / 2)
                {
                    _trimmed = journal.LastSequence - 6;
                    journal.Trim(_trimmed);
                }
            }
        }

        public async Task CheckAsync(FakeDisk disk, string hint)
        {
            await using var journal = JournalBench.Open(disk);
            var found = await JournalBench.ReadAllAsync(journal, Token);

            foreach (var (sequence, body) in Owed)
            {
                Assert.True(found.Count(f => f.Sequence == sequence && f.Text == body) == 1, $"{hint}: {sequence} {body}");
            }

            Assert.True(found.Select(f => f.Text).Distinct().Count() == found.Count, $"{hint}: duplicates");
            Assert.True(found.Select(f => f.Sequence).SequenceEqual(found.Select(f => f.Sequence).Distinct().Order()), hint);
        }

        // The first try may meet the fault; an operator or a supervisor starts it again.
        private static FileJournal? TryOpen(FakeDisk disk, JournalOptions options, FakeTimeProvider clock)
        {
            for (var attempt = 0; attempt < 3; attempt++)
            {
                try
                {
                    return JournalBench.Open(disk, options, clock);
                }
                catch (JournalOpenException)
                {
                }
            }

            return null;
        }
    }
}
