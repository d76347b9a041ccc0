using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Configuration;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

public sealed class RetentionTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = UnixNanos.ToTime(RecordBatches.Start);
    private static readonly RetentionPolicy Default = new(TimeSpan.FromDays(30), null, TimeSpan.FromDays(365));

    private readonly DataFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Start);
    private StateDatabase _database = null!;
    private EmbeddedRecordStore _records = null!;
    private EmbeddedStateStore _state = null!;
    private RetentionClasses _classes = null!;
    private long _next = 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await OpenAsync("30d", "7d", "1d");

    public ValueTask DisposeAsync()
    {
        Close();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task EachClassIsCutIntoSegmentsOfItsOwnThatSurviveARestart()
    {
        await AddAsync("default", "short", "week", "short");

        Assert.Equal([("default", 1), ("7d", 1), ("1d", 2)], _records.Segments.Select(s => (s.RetentionClass, (int)s.Rows)));
        Close();
        await OpenAsync("30d", "1d", "7d");

        Assert.Equal(["default", "1d", "7d"], _records.Segments.OrderBy(s => s.FirstSequence).Select(s => s.RetentionClass));
        Assert.Equal([4, 3, 2, 1], await FindAsync());
        foreach (var sequence in (long[])[1, 2, 3, 4])
        {
            Assert.Equal(sequence, (await _records.FindBySequenceAsync(sequence, Token))?.Sequence);
        }

        Assert.Equal(4, _records.AppliedSequence);
    }

    [Fact]
    public async Task ASweepFreesTheSpaceThatItSaysAndKeepsOtherClasses()
    {
        await AddAsync("default", "week", "short");
        _clock.Advance(TimeSpan.FromHours(2));
        await AddAsync("short");
        var worker = Worker(Default);
        _clock.Advance(TimeSpan.FromHours(22.5));
        var before = DiskBytes();

        await worker.SweepAsync(Token);

        Assert.Equal([4, 2, 1], await FindAsync());
        var report = worker.Check().Numbers;
        Assert.Equal(before - DiskBytes(), report["freed_bytes"]);
        Assert.Equal(DiskBytes(), report["segment_bytes"]);
        Assert.Equal((1L, 1L), ((long)report["dropped_segments"], (long)report["dropped_records"]));
        Assert.InRange((long)report["freed_bytes"], 1, before);

        _clock.Advance(TimeSpan.FromDays(7));
        await worker.SweepAsync(Token);
        Assert.Equal([1], await FindAsync());
        Assert.Single(_folder.SegmentNames);

        _clock.Advance(TimeSpan.FromDays(30));
        await worker.SweepAsync(Token);
        Assert.Empty(await FindAsync());
        Assert.Equal(0, DiskBytes());
        Assert.Equal(4, _records.AppliedSequence);
    }

    [Fact]
    public async Task WhatWasDroppedStaysDroppedAfterARestartEvenIfItsFileCameBack()
    {
        // As after a crash between the list and the deletion.
        await AddAsync("short");
        var path = Path.Combine(_folder.Segments, Assert.Single(_folder.SegmentNames));
        var bytes = await File.ReadAllBytesAsync(path, Token);
        _clock.Advance(TimeSpan.FromDays(2));
        await Worker(Default).SweepAsync(Token);
        await File.WriteAllBytesAsync(path, bytes, Token);

        Close();
        await OpenAsync("30d", "7d", "1d");

        Assert.Empty(await FindAsync());
        Assert.Empty(_folder.SegmentNames);
        Assert.Empty(_records.Problems);
    }

    [Fact]
    public async Task TheTimeOfArrivalCountsAndNotWhatTheRecordClaims()
    {
        _records.Add(RecordBatches.Received(RecordBatches.Start, 1, new Row("from the past", 0), new Row("from the future", long.MaxValue)));
        _records.Annotate(1, new BatchAnnotations(2));
        await _records.FlushAsync(all: true, Token);
        var worker = Worker(Default);

        _clock.Advance(TimeSpan.FromDays(29));
        await worker.SweepAsync(Token);
        Assert.Equal(2, await _records.CountAsync(Token));

        _clock.Advance(TimeSpan.FromDays(2));
        await worker.SweepAsync(Token);
        Assert.Equal(0, await _records.CountAsync(Token));
    }

    [Fact]
    public async Task ALimitOfSizeDropsTheOldestUntilTheRestFits()
    {
        for (var i = 0; i < 4; i++)
        {
            await AddAsync("default");
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        var newest = _records.Segments.OrderBy(s => s.FirstSequence).Skip(2).Sum(s => s.Bytes);
        await Worker(Default with { MaxBytes = newest }).SweepAsync(Token);

        Assert.Equal([4, 3], await FindAsync());
        Assert.Equal(newest, DiskBytes());
    }

    [Fact]
    public async Task QueriesThatRunWhileSegmentsAreDroppedDoNotFail()
    {
        for (var i = 0; i < 40; i++)
        {
            await AddAsync(i % 2 == 0 ? "default" : "short");
        }

        _clock.Advance(TimeSpan.FromDays(2));
        var due = _records.Segments.Where(s => s.RetentionClass == "1d").ToList();
        using var done = new CancellationTokenSource();
        var queries = Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                var (asked, smallest) = (0, int.MaxValue);
                do
                {
                    var found = await FindAsync();
                    smallest = Math.Min(smallest, found.Count(s => s % 2 == 1));
                    asked++;
                }
                while (!done.IsCancellationRequested);
                return (asked, smallest);
            },
            Token)).ToList();

        foreach (var segment in due)
        {
            await _records.DropAsync([segment], Token);
        }

        await done.CancelAsync();
        var answers = await Task.WhenAll(queries);

        Assert.All(answers, a => Assert.Equal(20, a.smallest));
        Assert.Empty(_records.Problems);
        Assert.Equal(20, (await FindAsync()).Count);
    }

    [Fact]
    public async Task OldEventsGoButNotThoseOfAnIncidentThatIsOpenOrWasSeenSince()
    {
        var day = 24 * 3600 * UnixNanos.PerSecond;
        await _state.ApplyAsync(
            new EngineOutput(
                1,
                [
                    Event("summary", "log.summary", 0, null),
                    Event("o1", "incident.opened", 0, "open"),
                    Event("o2", "log.anomaly", 0, "open"),
                    Event("e1", "incident.opened", 0, "ended"),
                    Event("e2", "alert.firing", 0, "ended"),
                    Event("e3", "incident.resolved", 1, "ended"),
                    Event("r1", "incident.resolved", 0, "reopened"),
                    Event("r2", "incident.updated", 1, "reopened"),
                    Event("s1", "incident.resolved", 0, "seen since"),
                    Event("s2", "log.root_cause", 300 * day, "seen since"),
                    Event("young", "log.summary", 300 * day, null),
                ],
                [new OutboxItem("e2", "sink", "ended", new byte[] { 1 }, 0), new OutboxItem("lost", "sink", "open", new byte[] { 1 }, 0)]),
            Token);
        await _state.MarkDeliveredAsync("e2", "sink", DateTimeOffset.UnixEpoch, Token);
        var worker = Worker(Default);
        _clock.Advance(TimeSpan.FromDays(364));
        await worker.SweepAsync(Token);
        Assert.Equal(11, (await _state.FindAsync(new DerivedQuery(), Token)).Count);

        _clock.Advance(TimeSpan.FromDays(2));
        await worker.SweepAsync(Token);

        var left = await _state.FindAsync(new DerivedQuery { OldestFirst = true }, Token);
        Assert.Equal(["o1", "o2", "r1", "r2", "s1", "s2", "young"], left.Select(r => r.Event.Id).Order(StringComparer.Ordinal));
        Assert.Equal(4L, worker.Check().Numbers["dropped_events"]);
        Assert.Equal(1L, _database.Read(c => StateDatabase.Command(c, "SELECT count(*) FROM outbox").ExecuteScalar()));
    }

    [Fact]
    public async Task ANumberKeepsItsMeaningUntilAllAreTaken()
    {
        Close();
        await OpenAsync("30d", "2d", "3d", "4d", "5d", "6d", "7d");
        var before = (_classes.NumberOf(TimeSpan.FromDays(7)), _classes.NumberOf(TimeSpan.FromDays(6)));
        Close();
        await OpenAsync("10d", "6d", "7d", "100d");

        Assert.Equal(before, (_classes.NumberOf(TimeSpan.FromDays(7)), _classes.NumberOf(TimeSpan.FromDays(6))));

        // The shortest that nobody wants any more made room.
        var number = _classes.NumberOf(TimeSpan.FromDays(100));
        Assert.Equal("100d", _classes.NameOf(number));
        Assert.Equal(0, _classes.NumberOf(TimeSpan.FromDays(1)));
        Assert.Equal("default", _classes.NameOf(0));
    }

    [Fact]
    public async Task FilesAndDatabaseOfTheVersionBeforeRetentionAreReadAndRetained()
    {
        await AddAsync("default");
        await AddAsync("default");
        var old = _records.Segments[0];
        Close();
        await MakeOldAsync(old);
        await OpenAsync("30d", "7d");
        await AddAsync("week");

        foreach (var limit in (int[])[1, 10])
        {
            var found = await _records.FindAsync(new RecordQuery { Limit = limit, OldestFirst = true }, Token);
            Assert.All(found, r => Assert.Equal((1, "api"), (r.Weight, r.Service)));
            Assert.Equal(Math.Min(limit, 3), found.Count);
        }

        Assert.Equal(1, (await _records.FindBySequenceAsync(1, Token))?.Weight);
        Assert.Equal((old.Name, old.ReceivedNanos, 19), (_records.Segments[0].Name, _records.Segments[0].ReceivedNanos, _records.Segments[0].Columns));
        Assert.Empty(_records.Problems);
        _clock.Advance(TimeSpan.FromDays(31));
        await Worker(Default).SweepAsync(Token);
        Assert.Empty(_folder.SegmentNames);
    }

    [Fact]
    public async Task AnUnreadableSegmentIsForgottenWhenItsTimeIsOver()
    {
        await AddAsync("short");
        await AddAsync("default");
        var missing = _records.Segments[0].Name;
        Close();
        File.Delete(Path.Combine(_folder.Segments, missing));
        await OpenAsync("30d", "7d", "1d");
        Assert.Equal(missing, Assert.Single(_records.Problems).Name);

        _clock.Advance(TimeSpan.FromDays(2));
        await Worker(Default).SweepAsync(Token);

        Assert.Empty(_records.Problems);
        Close();
        await OpenAsync("30d", "7d", "1d");
        Assert.Empty(_records.Problems);
        Assert.Equal([2], await FindAsync());
    }

    private static DerivedEvent Event(string id, string type, long after, string? incident) =>
        new(id, type, RecordBatches.Start + after, "production", null, incident, null, new byte[] { (byte)'{', (byte)'}' });

    private async Task OpenAsync(params string[] times)
    {
        _database = StateDatabase.Open(_folder.Root);
        _classes = await RetentionClassTable.LoadAsync(
            _database, [.. times.Select(t => KeepTime.TryParse(t, out var time) ? time : throw new ArgumentException(t))], Token);
        _records = await EmbeddedRecordStore.OpenAsync(
            _folder.Root, _database, new EmbeddedStoreOptions { Classes = _classes }, _clock, NullLogger<EmbeddedRecordStore>.Instance, Token);
        _state = new EmbeddedStateStore(_database);
    }

    /// <summary>Takes from the file and from the database what this version added.</summary>
    private async Task MakeOldAsync(Segment segment)
    {
        var path = Path.Combine(_folder.Segments, segment.Name);
        var copy = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.parquet");
        File.Move(path, copy);
        await using (var engine = new DuckDB.NET.Data.DuckDBConnection("Data Source=:memory:"))
        {
            await engine.OpenAsync(Token);
            await using var command = engine.CreateCommand();
            command.CommandText = $"COPY (SELECT * EXCLUDE (weight) FROM read_parquet('{copy}')) TO '{copy}.old' (FORMAT parquet)";
            await command.ExecuteNonQueryAsync(Token);
        }

        File.Move(copy + ".old", path);
        File.Delete(copy);
        using var database = StateDatabase.Open(_folder.Root);
        await database.WriteAsync(
            c => StateDatabase.Command(
                c,
                StateMigrationsTests.UndoToThree + """
                UPDATE segments SET bytes = $bytes WHERE name = $name;
                ALTER TABLE segments DROP COLUMN received;
                ALTER TABLE segments DROP COLUMN columns;
                DROP TABLE retention_classes;
                DROP INDEX outbox_by_incident;
                ALTER TABLE outbox DROP COLUMN failing_since;
                PRAGMA user_version = 1;
                """,
                ("$bytes", new FileInfo(path).Length),
                ("$name", segment.Name)).ExecuteNonQuery(),
            Token);
    }

    private void Close()
    {
        _records.Dispose();
        _database.Dispose();
    }

    private RetentionWorker Worker(RetentionPolicy policy) =>
        new(_records, _state, policy, _clock, NullLogger<RetentionWorker>.Instance);

    private long DiskBytes() => Directory.GetFiles(_folder.Segments).Sum(f => new FileInfo(f).Length);

    private async Task<IReadOnlyList<long>> FindAsync() =>
        [.. (await _records.FindAsync(new RecordQuery { Limit = 1000 }, Token)).Select(r => r.Sequence).OrderDescending()];

    /// <summary>One batch that arrives now, written at once.</summary>
    private async Task AddAsync(params string[] kinds)
    {
        var now = UnixNanos.From(_clock.GetUtcNow());
        var rows = kinds.Select(kind => new Row(kind, now)
        {
            Mark = new RecordMark(kind switch
            {
                "week" => _classes.NumberOf(TimeSpan.FromDays(7)),
                "short" => _classes.NumberOf(TimeSpan.FromDays(1)),
                _ => 0,
            }, SampleWeights.None),
        }).ToArray();
        _records.Add(RecordBatches.Received(now, _next, rows));
        _records.Annotate(_next, RecordBatches.Annotations(rows));
        _next += rows.Length;
        await _records.FlushAsync(all: true, Token);
    }
}
