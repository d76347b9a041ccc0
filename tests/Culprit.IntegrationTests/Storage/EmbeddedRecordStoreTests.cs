using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

public sealed class EmbeddedRecordStoreTests : RecordStoreContract
{
    private readonly DataFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private StateDatabase? _database;
    private EmbeddedRecordStore? _embedded;

    private EmbeddedStoreOptions Options { get; set; } = new();

    private EmbeddedRecordStore Embedded => _embedded!;

    [Fact]
    public async Task WhatWasFlushedIsThereAfterARestartAndTheRestIsReplayed()
    {
        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        await Store.FlushAsync(all: true, Token);
        Store.AddAnnotated(4, new Row("three"));

        await RestartAsync();

        Assert.Equal(2, Store.AppliedSequence);
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));

        Store.AddAnnotated(1, new Row("one"), new Row("two"));
        Store.AddAnnotated(4, new Row("three"));
        await Store.FlushAsync(all: true, Token);
        await RestartAsync();

        Assert.Equal([4, 2, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(3, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task ASegmentOfANewerVersionIsRefusedAndLeftAlone()
    {
        Store.AddAnnotated(1, new Row("one"));
        await Store.FlushAsync(all: true, Token);
        await SetColumnsAsync(SegmentSchema.Count + 1);

        var refusal = await Assert.ThrowsAsync<StateDatabaseException>(RestartAsync);

        Assert.Contains("newer Culprit", refusal.Message, StringComparison.Ordinal);
        Assert.Single(_folder.SegmentNames);
        await SetColumnsAsync(SegmentSchema.Count);
        await RestartAsync();
        Assert.Equal([1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task ASegmentIsWrittenWhenItIsFullOrOldButNotBefore()
    {
        Options = new EmbeddedStoreOptions { MaxSegmentRows = 4, MaxSegmentAge = TimeSpan.FromSeconds(60) };
        await RestartAsync();
        Store.AddAnnotated(1, new Row(), new Row(), new Row());
        await Store.FlushAsync(all: false, Token);
        Assert.Empty(_folder.SegmentNames);

        Store.AddAnnotated(4, new Row());
        Store.AddAnnotated(5, new Row());
        await Store.FlushAsync(all: false, Token);
        Assert.Single(_folder.SegmentNames);
        Assert.Equal(4, Store.AppliedSequence);

        _clock.Advance(TimeSpan.FromSeconds(59));
        await Store.FlushAsync(all: false, Token);
        Assert.Equal(4, Store.AppliedSequence);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await Store.FlushAsync(all: false, Token);
        Assert.Equal(5, Store.AppliedSequence);
        Assert.Equal(2, _folder.SegmentNames.Length);
    }

    [Fact]
    public async Task ABatchThatTheEngineHasNotSeenIsNotWritten()
    {
        Store.AddAnnotated(1, new Row());
        Store.Add(RecordBatches.Of(2, new Row()));

        await Store.FlushAsync(all: true, Token);

        Assert.Equal(1, Store.AppliedSequence);
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task AFileThatWasRenamedButNotListedBeforeACrashIsDeletedAndItsRecordsComeOnce()
    {
        Store.AddAnnotated(1, new Row("one"));
        await Store.FlushAsync(all: true, Token);
        var listed = _folder.SegmentNames;
        WriteUnlisted(RecordBatches.Of(2, new Row("two")));
        await File.WriteAllTextAsync(Path.Combine(_folder.Segments, "0-1.parquet.tmp"), "half", Token);

        await RestartAsync();

        Assert.Equal(listed, _folder.SegmentNames);
        Store.AddAnnotated(2, new Row("two"));
        await Store.FlushAsync(all: true, Token);
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task FilesWhoseDatabaseWasLostAreKeptAside()
    {
        Store.AddAnnotated(1, new Row("one"));
        await Store.FlushAsync(all: true, Token);
        var names = _folder.SegmentNames;
        await CloseStoreAsync();
        File.Delete(_folder.StateFile);

        await ReopenAsync();

        Assert.Empty(_folder.SegmentNames);
        Assert.Equal(names, Directory.GetFiles(_folder.Orphaned).Select(Path.GetFileName));
    }

    [Fact]
    public async Task AMissingSegmentIsReportedAndSkipped()
    {
        await AddThreeSegmentsAsync();
        await CloseStoreAsync();
        var hidden = Path.Combine(_folder.Root, "elsewhere");
        File.Move(Path.Combine(_folder.Segments, _folder.SegmentNames[1]), hidden);

        await ReopenAsync();

        Assert.Equal([3, 1], await FindAsync(new RecordQuery()));
        Assert.Equal(2, await Store.CountAsync(Token));
        var problem = Assert.Single(Embedded.Problems);
        Assert.Equal(("0000000000000002-0000000000000002.parquet", 1), (problem.Name, problem.Rows));
        Assert.Contains("missing", problem.Reason, StringComparison.Ordinal);

        await CloseStoreAsync();
        File.Move(hidden, Path.Combine(_folder.Segments, problem.Name));
        await ReopenAsync();
        Assert.Equal([3, 2, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task ACutOffSegmentIsSetAsideAtStartAndStaysReported()
    {
        await AddThreeSegmentsAsync();
        var name = _folder.SegmentNames[2];
        await CloseStoreAsync();
        var path = Path.Combine(_folder.Segments, name);
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path, Token))[..^10], Token);

        await ReopenAsync();
        Assert.Equal([2, 1], await FindAsync(new RecordQuery()));
        Assert.True(File.Exists(Path.Combine(_folder.Corrupt, name)));

        await RestartAsync();
        Assert.Equal(name, Assert.Single(Embedded.Problems).Name);
        Assert.Equal(3, Store.AppliedSequence);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.95)]
    public async Task ASegmentThatTurnsOutToBeUnreadableIsSetAsideDuringTheQuery(double where)
    {
        await AddThreeSegmentsAsync();
        var name = _folder.SegmentNames[0];
        var path = Path.Combine(_folder.Segments, name);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes.AsSpan((int)(where * bytes.Length), Math.Min(40, bytes.Length / 20)).Fill(0xff);
        await File.WriteAllBytesAsync(path, bytes, Token);

        Assert.Equal([3, 2], await FindAsync(new RecordQuery()));
        Assert.Null(await Store.FindBySequenceAsync(1, Token));
        Assert.Equal(name, Assert.Single(Embedded.Problems).Name);
        Assert.True(File.Exists(Path.Combine(_folder.Corrupt, name)));

        await RestartAsync();
        Assert.Equal([3, 2], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task OnlyTheSegmentsThatCanHoldTheAnswerAreRead()
    {
        // Broken files that nobody needs are not noticed.
        await AddThreeSegmentsAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder.Segments, _folder.SegmentNames[0]), "broken", Token);

        Assert.Equal([3], await FindAsync(new RecordQuery { Limit = 1 }));
        Assert.Equal([3, 2], await FindAsync(new RecordQuery { FromNanos = RecordBatches.Start + 2 }));
        Assert.Equal(2, (await Store.FindBySequenceAsync(2, Token))?.Sequence);
        Assert.Empty(Embedded.Problems);
    }

    [Fact]
    public async Task AFlushThatTheDiskRefusesLosesNothingAndSucceedsLater()
    {
        await AddThreeSegmentsAsync();
        Store.AddAnnotated(4, new Row("four", RecordBatches.Start + 4));
        var away = Path.Combine(_folder.Root, "away");
        Directory.Move(_folder.Segments, away);

        await Assert.ThrowsAnyAsync<IOException>(() => Store.FlushAsync(all: true, Token));
        Directory.Move(away, _folder.Segments);

        Assert.Equal(3, Store.AppliedSequence);
        Assert.Equal([4, 3, 2, 1], await FindAsync(new RecordQuery()));
        await Store.FlushAsync(all: true, Token);
        Assert.Equal(4, Store.AppliedSequence);
        Assert.Equal([4, 3, 2, 1], await FindAsync(new RecordQuery()));
    }

    [Fact]
    public async Task RecordsThatAreListedAlreadyAreNotListedAgain()
    {
        // As after a commit that reported an error although it reached the disk.
        Store.AddAnnotated(1, new Row("one"));
        await _database!.WriteAsync(
            c =>
            {
                PositionTable.Advance(c, "records", 1);
                return 0;
            },
            Token);

        await Assert.ThrowsAsync<StateDatabaseException>(() => Store.FlushAsync(all: true, Token));
        Assert.Equal([1], await FindAsync(new RecordQuery()));

        await RestartAsync();
        Assert.Equal(1, Store.AppliedSequence);
        Assert.Empty(_folder.SegmentNames);
    }

    [Fact]
    public async Task ManyQueriesRunAtOnce()
    {
        await AddThreeSegmentsAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i =>
            Task.Run(() => FindAsync(new RecordQuery { Text = $"record {1 + (i % 3)}" }), Token)));

        Assert.Equal(Enumerable.Range(0, 32).Select(i => 1L + (i % 3)), answers.Select(a => Assert.Single(a)));
    }

    private protected override async Task<IRecordStore> OpenAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        _embedded = await EmbeddedRecordStore.OpenAsync(
            _folder.Root, _database, Options, _clock, NullLogger<EmbeddedRecordStore>.Instance, Token);
        return _embedded;
    }

    protected override async Task CloseAsync()
    {
        await CloseStoreAsync();
        _folder.Dispose();
    }

    private async Task RestartAsync()
    {
        await CloseStoreAsync();
        await ReopenAsync();
    }

    private async Task SetColumnsAsync(int columns)
    {
        await CloseStoreAsync();
        using var database = StateDatabase.Open(_folder.Root);
        await database.WriteAsync(
            c => StateDatabase.Command(c, "UPDATE segments SET columns = $columns", ("$columns", columns)).ExecuteNonQuery(), Token);
    }

    private Task CloseStoreAsync()
    {
        _embedded?.Dispose();
        _database?.Dispose();
        return Task.CompletedTask;
    }

    private async Task AddThreeSegmentsAsync()
    {
        for (var i = 1; i <= 3; i++)
        {
            Store.AddAnnotated(i, new Row($"record {i}", RecordBatches.Start + i));
            await Store.FlushAsync(all: true, Token);
        }
    }

    private void WriteUnlisted(RecordBatch batch)
    {
        var entry = new TailEntry(batch, 0) { Annotations = new BatchAnnotations(batch.Count) };
        new SegmentWriter(_folder.Segments, 1, 16_384, RetentionClasses.None).Write([entry]);
    }
}
