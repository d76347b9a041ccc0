using Culprit.Engine.Records;
using Culprit.Server.Journal;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Journal;

/// <summary>What the journal promises while nothing breaks, and whom it refuses.</summary>
public sealed class FileJournalTests
{
    private readonly FakeDisk _disk = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatWasAppendedReadsBackInOrderAlsoAfterReopening()
    {
        (long, string)[] expected = [(1, "a"), (2, "b"), (3, "tick 7"), (4, "c")];
        ulong id;
        await using (var journal = JournalBench.Open(_disk))
        {
            id = journal.Id;
            var first = await journal.AppendAsync(JournalBench.Batch("a", "b"), Token);
            await journal.AppendTickAsync(7, Token);
            await journal.AppendAsync(JournalBench.Batch("c"), Token);

            Assert.Equal(1, first.Batch!.FirstSequence);
            Assert.Equal(4, journal.LastSequence);
            Assert.Equal(expected, await JournalBench.ReadAllAsync(journal, Token));
        }

        await using var reopened = JournalBench.Open(_disk.Restart(isPowerCut: true));

        Assert.Equal(id, reopened.Id);
        Assert.Equal(5, reopened.LastSequence);
        Assert.Equal([.. expected, (5, "tick 987654321")], (await ReadToAsync(reopened, 5)));
    }

    [Fact]
    public async Task ConcurrentAppendersGetContiguousSequencesEachInItsOwnOrder()
    {
        const int Appenders = 8, Each = 60;
        await using var journal = JournalBench.Open(_disk, JournalBench.Options(4096));

        var answers = await Task.WhenAll(Enumerable.Range(0, Appenders).Select(appender => Task.Run(async () =>
        {
            var results = new List<RecordBatch>();
            for (var i = 0; i < Each; i++)
            {
                results.Add((await journal.AppendAsync(JournalBench.Batch($"{appender}:{i}", "x"), Token)).Batch!);
            }

            return results;
        })));

        var found = await JournalBench.ReadAllAsync(journal, Token);
        Assert.Equal(Enumerable.Range(1, 2 * Appenders * Each).Select(n => (long)n), found.Select(f => f.Sequence));
        Assert.All(answers, results => Assert.Equal(
            results.Select(batch => batch.FirstSequence), results.Select(batch => batch.FirstSequence).Order()));
        foreach (var (appender, results) in answers.Index())
        {
            Assert.All(results.Index(), r => Assert.Equal(
                $"{appender}:{r.Index}", found[(int)r.Item.FirstSequence - 1].Text));
        }

        Assert.Equal(Appenders * Each, journal.Counters.Batches);
        Assert.True(journal.Counters.Syncs <= journal.Counters.Groups + journal.Counters.Bytes / 4096 + 8);
    }

    [Fact]
    public async Task WhatArrivesDuringASyncSharesTheNextOne()
    {
        await using var journal = JournalBench.Open(_disk);
        await journal.AppendAsync(JournalBench.Batch("warm"), Token);
        _disk.SyncGate.Reset();
        var first = journal.AppendAsync(JournalBench.Batch("first"), Token);
        await Until(() => _disk.Content(JournalBench.PathOf(1)).AsSpan().IndexOf("first"u8) >= 0);
        var before = journal.Counters.Groups;

        var others = Enumerable.Range(0, 20).Select(i => journal.AppendAsync(JournalBench.Batch($"{i}"), Token)).ToList();
        _disk.SyncGate.Set();
        await Task.WhenAll([first, .. others]);

        Assert.InRange(journal.Counters.Groups - before, 1, 3);
    }

    [Fact]
    public async Task TheCallbackSeesEachBatchInSequenceBeforeItsSenderHearsOfIt()
    {
        var seen = new List<long>();
        await using var journal = JournalBench.Open(_disk, committed: batch => seen.Add(batch.FirstSequence));

        for (var i = 0; i < 10; i++)
        {
            var answer = await journal.AppendAsync(JournalBench.Batch("a", "b"), Token);
            Assert.Equal(answer.Batch!.FirstSequence, seen[^1]);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => 1L + (2 * i)), seen);
    }

    [Fact]
    public async Task NothingIsAnsweredOrShownBeforeTheSync()
    {
        await using var journal = JournalBench.Open(_disk);
        await journal.AppendAsync(JournalBench.Batch("warm"), Token);
        _disk.SyncGate.Reset();

        var answer = journal.AppendAsync(JournalBench.Batch("late"), Token);
        await Until(() => _disk.Content(JournalBench.PathOf(1)).AsSpan().IndexOf("late"u8) >= 0);

        Assert.False(answer.IsCompleted);
        Assert.Equal(1, journal.LastSequence);
        _disk.SyncGate.Set();
        Assert.True((await answer).Accepted);
    }

    [Fact]
    public async Task ReadersFromMemoryAndFromDiskSeeTheSame()
    {
        var options = JournalBench.Options(1000);
        options.RecentBytes = 0;
        await using var onDisk = JournalBench.Open(_disk, options);
        for (var i = 0; i < 100; i++)
        {
            await onDisk.AppendAsync(JournalBench.Batch(JournalBench.Body(i), "x"), Token);
        }

        var readers = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => Task.Run(() => ReadToAsync(onDisk, 200, after: 50 * i))));

        var memory = new FakeDisk();
        await using var inMemory = JournalBench.Open(memory);
        for (var i = 0; i < 100; i++)
        {
            await inMemory.AppendAsync(JournalBench.Batch(JournalBench.Body(i), "x"), Token);
        }

        var expected = await ReadToAsync(inMemory, 200);
        Assert.Equal(200, expected.Count);
        Assert.All(readers.Index(), reader => Assert.Equal(expected.Skip(50 * reader.Index), reader.Item));
        Assert.Equal(0, onDisk.CorruptRangeCount);
    }

    [Fact]
    public async Task AReaderWaitsForNewEntriesAndEndsWhenTheJournalCloses()
    {
        var journal = JournalBench.Open(_disk);
        await using var reader = journal.ReadAsync(0, Token).GetAsyncEnumerator(Token);
        var waiting = reader.MoveNextAsync();
        Assert.False(waiting.IsCompleted);

        await journal.AppendAsync(JournalBench.Batch("news"), Token);

        Assert.True(await waiting);
        Assert.Equal(1, reader.Current.Sequence);
        var end = reader.MoveNextAsync();
        await journal.DisposeAsync();
        Assert.False(await end);
    }

    [Fact]
    public async Task TrimDeletesWholeSegmentsButNeverTheActiveOne()
    {
        var options = JournalBench.Options(500);
        options.RecentBytes = 0;
        await using var journal = JournalBench.Open(_disk, options);
        for (var i = 0; i < 50; i++)
        {
            await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(i, 100)), Token);
        }

        var before = journal.DiskBytes;
        journal.Trim(25);
        var left = await JournalBench.ReadAllAsync(journal, Token);
        journal.Trim(long.MaxValue);

        Assert.InRange(left[0].Sequence, 20, 26);
        Assert.Equal(50, left[^1].Sequence);
        Assert.True(journal.DiskBytes < before / 5);
        Assert.Single(_disk.List(JournalBench.Folder), name => name.EndsWith(".wal", StringComparison.Ordinal));
        var again = _disk.Restart(isPowerCut: true);
        Assert.Single(again.List(JournalBench.Folder), name => name.EndsWith(".wal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AtNinetyFivePercentOfTheQuotaAppendsAreRefusedUntilATrimAndTicksAreNot()
    {
        var options = JournalBench.Options(500);
        options.MaxBytes = 10_000;
        await using var journal = JournalBench.Open(_disk, options);

        AppendResult answer;
        while ((answer = await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(1, 100)), Token)).Accepted)
        {
        }

        Assert.InRange(journal.DiskBytes, 9_000, 9_500);
        Assert.Contains("quota", answer.Refusal, StringComparison.Ordinal);
        Assert.InRange(answer.RetryAfter.TotalSeconds, 1, 60);
        Assert.Equal(1, journal.Counters.Refused(RefusalReason.QuotaReached));
        await journal.AppendTickAsync(1, Token);
        Assert.Equal(1, journal.Counters.Ticks);
        journal.Trim(journal.LastSequence);
        Assert.True((await journal.AppendAsync(JournalBench.Batch("room"), Token)).Accepted);
    }

    [Fact]
    public async Task AQuotaSmallerThanASegmentStillDrains()
    {
        var options = JournalBench.Options(1_000_000);
        options.MaxBytes = 10_000;
        await using var journal = JournalBench.Open(_disk, options);

        for (var i = 0; i < 200; i++)
        {
            Assert.True((await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(i, 100)), Token)).Accepted);
            journal.Trim(journal.LastSequence);
        }
    }

    [Fact]
    public async Task AFullQueueRefusesAtOnceWithATimeToComeBack()
    {
        var options = JournalBench.Options();
        options.MaxQueueBytes = 2_000;
        await using var journal = JournalBench.Open(_disk, options);
        _disk.SyncGate.Reset();

        var answers = Enumerable.Range(0, 40)
            .Select(i => journal.AppendAsync(JournalBench.Batch(JournalBench.Body(i, 100)), Token)).ToList();
        var refused = answers.Where(answer => answer.IsCompletedSuccessfully).Select(answer => answer.Result).ToList();
        _disk.SyncGate.Set();
        var all = await Task.WhenAll(answers);

        Assert.InRange(refused.Count, 15, 35);
        Assert.All(refused, r => Assert.InRange(r.RetryAfter.TotalSeconds, 1, 60));
        Assert.All(refused, r => Assert.Contains("queue is full", r.Refusal, StringComparison.Ordinal));
        Assert.Equal(40 - refused.Count, all.Count(answer => answer.Accepted));
        Assert.Equal(refused.Count, journal.Counters.Refused(RefusalReason.QueueFull));
        var huge = await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(1, 3_000)), Token);
        Assert.Contains("larger than 2000 bytes", huge.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADiskThatIsNinetyPercentFullRefusesAndMoreSpaceResumes()
    {
        await using var journal = JournalBench.Open(_disk, clock: _clock);
        await journal.AppendAsync(JournalBench.Batch("a"), Token);

        (_disk.Free, _disk.Total) = (999_999, 10_000_000);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var refused = await journal.AppendAsync(JournalBench.Batch("b"), Token);
        _disk.Free = 1_100_000;
        _clock.Advance(TimeSpan.FromSeconds(2));
        var resumed = await journal.AppendAsync(JournalBench.Batch("c"), Token);

        Assert.Contains("disk", refused.Refusal, StringComparison.Ordinal);
        Assert.Equal(2, resumed.Batch!.FirstSequence);
    }

    [Fact]
    public async Task ClosingWritesWhatIsQueuedAndRefusesTheRest()
    {
        var journal = JournalBench.Open(_disk);
        _disk.SyncGate.Reset();
        var queued = Enumerable.Range(0, 10).Select(i => journal.AppendAsync(JournalBench.Batch($"{i}"), Token)).ToList();

        var closing = journal.DisposeAsync();
        var late = await journal.AppendAsync(JournalBench.Batch("late"), Token);
        _disk.SyncGate.Set();
        await closing;

        Assert.Contains("shutting down", late.Refusal, StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(queued), answer => Assert.True(answer.Accepted));
        await using var reopened = JournalBench.Open(_disk.Restart(isPowerCut: true));
        Assert.Equal(10, reopened.LastSequence);
    }

    [Fact]
    public async Task SequencesThatAConsumerKnowsAreNeverUsedAgain()
    {
        await using (var journal = JournalBench.Open(_disk))
        {
            await journal.AppendAsync(JournalBench.Batch("a"), Token);
        }

        await using var reopened = JournalBench.Open(_disk, known: 100);
        var answer = await reopened.AppendAsync(JournalBench.Batch("b"), Token);

        Assert.Equal(101, answer.Batch!.FirstSequence);
        Assert.Equal([(1, "a"), (101, "b")], await JournalBench.ReadAllAsync(reopened, Token));
    }

    [Fact]
    public async Task ManyRestartsWithoutAppendsLeaveNoPileOfSegments()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var journal = JournalBench.Open(_disk);
        }

        Assert.DoesNotContain(_disk.List(JournalBench.Folder), name => name.EndsWith(".wal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ACancelledAppendIsNotWritten()
    {
        await using var journal = JournalBench.Open(_disk);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => journal.AppendAsync(JournalBench.Batch("never"), cancelled.Token));

        Assert.Empty(await JournalBench.ReadAllAsync(journal, Token));
    }

    [Fact]
    public async Task AFailingCallbackStopsTheJournalAndSaysSo()
    {
        await using var journal = JournalBench.Open(
            _disk, committed: _ => throw new InvalidOperationException("store is broken"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => journal.AppendAsync(JournalBench.Batch("a"), Token));
        var next = await journal.AppendAsync(JournalBench.Batch("b"), Token);

        Assert.Contains("store is broken", next.Refusal, StringComparison.Ordinal);
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<List<(long Sequence, string Text)>> ReadToAsync(FileJournal journal, long last, long after = 0)
    {
        var found = new List<(long, string)>();
        await foreach (var entry in journal.ReadAsync(after, Token))
        {
            found.AddRange(JournalBench.Texts(entry));
            if (entry.LastSequence >= last)
            {
                break;
            }
        }

        return found;
    }
}
