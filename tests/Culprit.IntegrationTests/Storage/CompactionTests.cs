using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Configuration;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Culprit.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

public sealed class CompactionTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    private readonly DataFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Start);
    private StateDatabase _database = null!;
    private EmbeddedRecordStore _records = null!;
    private RetentionClasses _classes = null!;
    private long _next = 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await OpenAsync();

    public ValueTask DisposeAsync()
    {
        Close();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task MergedSegmentsHoldTheSameRecordsAndSurviveARestart()
    {
        var memory = new MemoryRecordStore();
        await AddSegmentsAsync(9, memory);
        var (found, counted) = (await FindAsync(memory), await CountAsync(memory));

        await Worker("30d").CompactAsync(Token);

        var merged = Assert.Single(_records.Segments);
        Assert.Equal([merged.Name], _folder.SegmentNames);
        Assert.Equal((merged.Rows, 1L, 36L, 1), (36L, merged.FirstSequence, merged.LastSequence, Segment.GenerationOf(merged.Name)));
        Assert.Equal(merged.Bytes, new FileInfo(Path.Combine(_folder.Segments, merged.Name)).Length);
        Assert.Equal(found, await FindAsync(_records));
        Assert.Equal(counted, await CountAsync(_records));
        Close();
        await OpenAsync();
        Assert.Equal(found, await FindAsync(_records));
        Assert.Equal(counted, await CountAsync(_records));
        Assert.Equal(36, _records.AppliedSequence);
    }

    [Theory]
    [InlineData("before the list changed")]
    [InlineData("after the list changed")]
    [InlineData("while files were deleted")]
    public async Task ACrashDuringAMergeLeavesEveryRecordOnce(string when)
    {
        await AddSegmentsAsync(8);
        var before = await FindAsync(_records);
        var originals = _folder.SegmentNames.ToDictionary(n => n, n => File.ReadAllBytes(Path.Combine(_folder.Segments, n)));
        var copy = Path.Combine(_folder.Root, "state.copy");
        Close();
        File.Copy(_folder.StateFile, copy);
        await OpenAsync();
        await Worker("30d").CompactAsync(Token);
        Close();

        // The files of both sides are there, as when the process died before it could delete those of one.
        foreach (var (name, bytes) in originals.Skip(when == "while files were deleted" ? 5 : 0))
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.Segments, name), bytes, Token);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder.Segments, "0-1-0-2.parquet.tmp"), "half", Token);
        if (when == "before the list changed")
        {
            File.Delete(_folder.StateFile + "-wal");
            File.Delete(_folder.StateFile + "-shm");
            File.Move(copy, _folder.StateFile, overwrite: true);
        }

        await OpenAsync();

        Assert.Equal(before, await FindAsync(_records));
        Assert.Equal(before.Count, await _records.CountAsync(Token));
        Assert.Equal(when == "before the list changed" ? 8 : 1, _folder.SegmentNames.Length);
        await Worker("30d").CompactAsync(Token);
        Assert.Equal(before, await FindAsync(_records));
        Assert.Single(_folder.SegmentNames);
    }

    [Fact]
    public async Task QueriesSeeEveryRecordOnceWhileSegmentsAreMerged()
    {
        using var done = new CancellationTokenSource();
        var all = 0L;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                do
                {
                    var least = Interlocked.Read(ref all);
                    var found = (await _records.FindAsync(new RecordQuery { OldestFirst = true, Limit = 1000 }, Token)).Select(r => r.Sequence).Order().ToList();
                    Assert.True(found.Count >= least);
                    Assert.Equal(Enumerable.Range(1, found.Count).Select(i => (long)i), found);
                }
                while (!done.IsCancellationRequested);
            },
            Token)).ToList();
        for (var round = 0; round < 3; round++)
        {
            await AddSegmentsAsync(8);
            Interlocked.Exchange(ref all, _next - 1);
            await Worker("30d").CompactAsync(Token);
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Empty(_records.Problems);
    }

    [Fact]
    public async Task AnUnreadableSegmentIsSetAsideAndTheOthersStay()
    {
        await AddSegmentsAsync(8);
        var path = Path.Combine(_folder.Segments, _folder.SegmentNames[3]);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes.AsSpan(4, 300).Fill(0xff);
        await File.WriteAllBytesAsync(path, bytes, Token);

        await Worker("30d").CompactAsync(Token);

        Assert.Single(_records.Problems);
        Assert.Equal(28, (await FindAsync(_records)).Count);
    }

    [Fact]
    public async Task AMergeThatWouldLoseARowIsNotListed()
    {
        await AddSegmentsAsync(8);
        var path = Path.Combine(_folder.Segments, _records.Segments[2].Name);
        await AddAsync(3, 0);
        File.Copy(Path.Combine(_folder.Segments, _records.Segments[8].Name), path, overwrite: true);

        await Assert.ThrowsAsync<IOException>(() => _records.MergeAsync(_records.Segments, Token));

        Assert.Equal(9, _records.Segments.Count);
        Assert.Equal(9, _folder.SegmentNames.Length);
    }

    /// <summary>Files, memory and handles stay the same once the first records have expired.</summary>
    [Fact]
    public async Task HoursOfWritingCompactionAndRetentionLeaveASteadyState()
    {
        var (hours, keep) = FaultTier.IsLarge ? (24, 6) : (4, 2);
        var policy = Policy($"{keep}h");
        var retention = new RetentionWorker(_records, new EmbeddedStateStore(_database), policy, _clock, NullLogger<RetentionWorker>.Instance);
        var compaction = Worker($"{keep}h");
        var samples = new List<(int Files, long Rows, long Bytes, int Handles, long Memory, long Heap)>();
        for (var minute = 0; minute < hours * 60; minute++)
        {
            await AddAsync(6, minute % 10 == 0 ? 1 : 0);
            await retention.SweepAsync(Token);
            await compaction.CompactAsync(Token);
            await _records.FindAsync(new RecordQuery { Service = "service-1" }, Token);
            _clock.Advance(TimeSpan.FromMinutes(1));
            if ((minute + 1) % 60 == 0)
            {
                samples.Add((
                    _folder.SegmentNames.Length,
                    _records.Segments.Sum(s => s.Rows),
                    _records.Segments.Sum(s => s.Bytes),
                    OpenFiles(),
                    _records.IndexBytes + _records.PendingBytes,
                    GC.GetTotalMemory(forceFullCollection: true)));
            }
        }

        var (first, last) = (samples[keep], samples[^1]);
        FaultTier.Report(
            $"Steady state, {hours} simulated hours of which {keep} are kept: hour {keep + 1} and last hour: {first.Files} and {last.Files} files, {first.Rows} and {last.Rows} records, {first.Bytes} and {last.Bytes} bytes, {first.Handles} and {last.Handles} open files, {first.Memory} and {last.Memory} bytes of indexes, {first.Heap / 1e6:0.0} and {last.Heap / 1e6:0.0} MB of heap");
        Assert.InRange(last.Files, 1, first.Files + 12);
        Assert.InRange(last.Files, 1, 70);
        Assert.InRange(last.Rows, first.Rows - 60, first.Rows + 60);
        Assert.InRange(last.Rows, keep * 60 * 5, keep * 60 * 7);
        Assert.InRange(last.Bytes, first.Bytes / 2, first.Bytes * 2);
        Assert.InRange(last.Handles, 0, first.Handles);
        Assert.InRange(last.Memory, 1, 2 * first.Memory);
        Assert.Equal(_folder.SegmentNames, _records.Segments.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.Equal(_records.Segments.Sum(s => s.Bytes), Directory.GetFiles(_folder.Segments).Sum(f => new FileInfo(f).Length));
        Assert.Equal(
            _records.Segments.Sum(s => s.Rows),
            (await _records.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token)).Sum(r => r.Records));
    }

    /// <summary>Of this store only, because other tests run meanwhile.</summary>
    private int OpenFiles() => Directory.GetFiles("/proc/self/fd")
        .Count(f => new FileInfo(f).LinkTarget?.StartsWith(_folder.Segments, StringComparison.Ordinal) == true);

    private static async Task<IReadOnlyList<StoredRecord>> FindAsync(IRecordStore store) =>
        await store.FindAsync(new RecordQuery { Limit = 1000 }, Token);

    private static Task<IReadOnlyList<CountRow>> CountAsync(IRecordStore store) =>
        store.CountAsync(new CountQuery(new RecordQuery(), 60 * UnixNanos.PerSecond, CountBy.Service | CountBy.Level | CountBy.Pattern), Token);

    private static RetentionPolicy Policy(string keep) =>
        new(KeepTime.TryParse(keep, out var time) ? time : throw new ArgumentException(keep), null, TimeSpan.FromDays(365));

    private CompactionWorker Worker(string keep) => new(_records, Policy(keep), _clock, NullLogger<CompactionWorker>.Instance);

    private async Task AddSegmentsAsync(int count, MemoryRecordStore? memory = null)
    {
        for (var i = 0; i < count; i++)
        {
            await AddAsync(4, 0, memory);
        }
    }

    private async Task AddAsync(int count, int retentionClass, MemoryRecordStore? memory = null)
    {
        var now = UnixNanos.From(_clock.GetUtcNow());
        var rows = Enumerable.Range(0, count).Select(i => new Row($"message {_next + i}", now + ((_next + i) % 7))
        {
            Service = $"service-{i % 3}",
            Severity = i % 3 == 0 ? Severity.Error : Severity.Info,
            Kind = i == 3 ? EventKind.Custom : EventKind.Log,
            Type = i == 3 ? "order.placed" : "",
            TraceId = $"trace-{_next}",
            Id = i == 1 ? $"id-{_next}" : "",
            Pattern = (ulong)(i % 2),
            DuplicateOf = i == 2 ? _next : -1,
            Mark = new RecordMark(retentionClass == 0 ? 0 : _classes.NumberOf(TimeSpan.FromHours(1)), SampleWeights.Choose(i == 0 ? 10 : 1, 0)),
        }).ToArray();
        foreach (var store in new IRecordStore?[] { _records, memory }.OfType<IRecordStore>())
        {
            store.Add(RecordBatches.Received(now, _next, rows));
            store.Annotate(_next, RecordBatches.Annotations(rows));
            await store.FlushAsync(all: true, Token);
        }

        _next += count;
    }

    private async Task OpenAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        _classes = await RetentionClassTable.LoadAsync(_database, [TimeSpan.FromDays(30), TimeSpan.FromHours(1)], Token);
        _records = await EmbeddedRecordStore.OpenAsync(
            _folder.Root, _database, new EmbeddedStoreOptions { Classes = _classes }, _clock, NullLogger<EmbeddedRecordStore>.Instance, Token);
    }

    private void Close()
    {
        _records.Dispose();
        _database.Dispose();
    }
}
