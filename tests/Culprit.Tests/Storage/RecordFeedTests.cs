using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage;
using Culprit.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.Storage;

/// <summary>With a backlog the engine brings the records; every one reaches the store once and in order.</summary>
public sealed class RecordFeedTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly MemoryRecordStore _records = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithoutABacklogRecordsAreReadableWhenTheyAreDurable()
    {
        var feed = New(1L << 30);

        feed.Commit(Batch(1));

        Assert.Equal(1, await _records.CountAsync(Token));
    }

    [Fact]
    public async Task NewRecordsQueueUpBehindTheBacklogUntilTheEngineHasReachedThem()
    {
        var feed = New(1L << 30);
        feed.FallBehind(addedSequence: 0, lastSequence: 2);
        feed.Commit(Batch(3));
        Assert.Equal(0, await _records.CountAsync(Token));

        for (var sequence = 1; sequence <= 2; sequence++)
        {
            await feed.ReachAsync(new JournalEntry(sequence, Batch(sequence), 0), Token);
            Assert.True(feed.IsBehind);
        }

        await feed.ReachAsync(new JournalEntry(3, Batch(3), 0), Token);
        Assert.False(feed.IsBehind);
        feed.Commit(Batch(4));

        Assert.Equal(4, await _records.CountAsync(Token));
    }

    [Fact]
    public async Task WithAJournalElsewhereTheEngineBringsEveryRecordAndThatIsNoBacklog()
    {
        var feed = New(1L << 30);
        feed.LeaveToEngine(addedSequence: 1);

        for (var sequence = 1; sequence <= 3; sequence++)
        {
            await feed.ReachAsync(new JournalEntry(sequence, Batch(sequence), 0), Token);
        }

        Assert.Equal(2, await _records.CountAsync(Token));
        Assert.False(feed.IsBehind);
    }

    [Fact]
    public async Task WhatMemoryCannotHoldWaitsInTheJournalWhileTheStoreIsAway()
    {
        var isAway = false;
        var feed = new RecordFeed(_records, new IngestLimits(8), _clock, () => isAway);
        feed.Commit(Batch(1));
        Assert.True(feed.IsOverloaded);

        isAway = true;
        Assert.False(feed.IsOverloaded);
        feed.Commit(Batch(2));
        feed.Commit(Batch(3));
        Assert.True(feed.IsBehind);
        Assert.Equal(1, await _records.CountAsync(Token));

        isAway = false;
        for (var sequence = 1; sequence <= 3; sequence++)
        {
            await feed.ReachAsync(new JournalEntry(sequence, Batch(sequence), 0), Token);
            _records.Annotate(sequence, new BatchAnnotations(1));
            await _records.FlushAsync(all: true, Token);
        }

        Assert.False(feed.IsBehind);
        Assert.Equal(3, await _records.CountAsync(Token));
    }

    [Fact]
    public async Task TheEngineWaitsWhileMemoryIsFullAndNotForWhatIsThereAlready()
    {
        var feed = New(memoryBytes: 8);
        _records.Add(Batch(1));
        feed.FallBehind(addedSequence: 1, lastSequence: 2);
        Assert.True(feed.IsFull);

        Assert.True(feed.ReachAsync(new JournalEntry(1, Batch(1), 0), Token).AsTask().IsCompleted);
        var waiting = feed.ReachAsync(new JournalEntry(2, Batch(2), 0), Token).AsTask();
        Assert.False(waiting.IsCompleted);
        _records.Annotate(1, new BatchAnnotations(1));
        await _records.FlushAsync(all: true, Token);
        while (!waiting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(2, await _records.CountAsync(Token));
    }

    private RecordFeed New(long memoryBytes) => new(_records, new IngestLimits(memoryBytes), _clock);

    private static RecordBatch Batch(long sequence) => Some.Batch(sequence, Some.Log(sequence));
}
