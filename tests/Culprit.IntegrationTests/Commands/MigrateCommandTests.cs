using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Moving;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.IntegrationTests.Commands;

/// <summary><c>culprit migrate</c>.</summary>
public sealed class MigrateCommandTests(SharedPostgres postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheSchemaIsBroughtUpWithoutAServer()
    {
        var url = await postgres.NewDatabaseAsync(Token);

        var run = await CommandRun.ExecuteAsync(null, ["migrate", "--store", url], Token);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"schema version {PostgresMigrations.Newest}", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(PostgresServer.Password), run.Output + run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandRun.ExecuteAsync(null, ["migrate"], Token)).ExitCode);
    }

    [Fact]
    public async Task AServersDataIsAllThereAfterTheMove()
    {
        var url = await postgres.NewDatabaseAsync(Token);
        List<string> before;
        await using (var server = await ServerProcess.StartAsync(_folder.Path, Token))
        {
            for (var i = 0; i < 20; i++)
            {
                var line = JsonSerializer.Serialize(new { id = $"e{i}", message = $"Connection to db:{i} refused", level = "error", service = "payment" });
                await server.PostAsync(line, "application/json", Token);
            }

            await server.WaitForEventsAsync("type=log.root_cause", e => e.Count > 0, Token);
            before = await ReadAsync(server);
            Assert.Equal(0, await server.StopAsync());
        }

        var run = await CommandRun.ExecuteAsync(null, ["migrate", "--from", "embedded", "--to", url, "--data", _folder.Path, "--json"], Token);
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Equal(20, JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("records").GetInt64());

        await using var moved = await ServerProcess.StartAsync(_folder.Path, Token, new Dictionary<string, string> { ["CULPRIT_STORE"] = url });
        var after = await ReadAsync(moved);
        Assert.Empty(before.Except(after));
        Assert.Equal(before.Count(e => e.Contains("log.entry", StringComparison.Ordinal)), after.Count(e => e.Contains("log.entry", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AMoveThatWasStoppedGoesOnAndDoublesNothing()
    {
        await FillAsync();
        await using var database = await OpenTargetAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => new StoreMove(
            _folder.Path, database, NullLoggerFactory.Instance, done => throw new InvalidOperationException("stop")).RunAsync(Token));

        Assert.True(await StoreMove.IsUnfinishedAsync(database, Token));

        var shown = new List<MoveProgress>();
        var moved = await new StoreMove(_folder.Path, database, NullLoggerFactory.Instance, shown.Add).RunAsync(Token);
        var again = await new StoreMove(_folder.Path, database, NullLoggerFactory.Instance, _ => { }).RunAsync(Token);

        Assert.Equal((4, 7L), (moved.Segments, moved.Records));
        Assert.Equal(moved, again);
        Assert.Equal([2L, 4L, 5L, 7L], shown.Select(s => s.Records));
        Assert.False(await StoreMove.IsUnfinishedAsync(database, Token));
        await MustHoldAllAsync(database);
    }

    [Fact]
    public async Task DataOfItsOwnARunningServerAndALostFolderAreRefused()
    {
        await FillAsync();
        await using var database = await OpenTargetAsync();
        var lost = await Assert.ThrowsAsync<StoreMoveException>(
            () => new StoreMove(_folder.Path + "x", database, NullLoggerFactory.Instance, _ => { }).RunAsync(Token));
        Assert.Contains("no data folder", lost.Message, StringComparison.Ordinal);

        await new PostgresStateStore(database).ApplyAsync(new EngineOutput(1, [], []), Token);
        var used = await Assert.ThrowsAsync<StoreMoveException>(
            () => new StoreMove(_folder.Path, database, NullLoggerFactory.Instance, _ => { }).RunAsync(Token));
        Assert.Contains("data of its own", used.Message, StringComparison.Ordinal);

        await using var server = await ServerProcess.StartAsync(_folder.Path, Token);
        var running = await Assert.ThrowsAsync<StoreMoveException>(
            () => new StoreMove(_folder.Path, database, NullLoggerFactory.Instance, _ => { }).RunAsync(Token));
        Assert.Contains("stop it first", running.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatArrivesOtherwiseIsNotKept()
    {
        await FillAsync();
        await using var database = await OpenTargetAsync();
        await database.WriteAsync(
            c => Sql.ExecuteAsync(
                c,
                """
                CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body = NEW.body || '!'; RETURN NEW; END $$;
                CREATE TRIGGER spoil BEFORE INSERT ON records FOR EACH ROW WHEN (NEW.sequence = 4) EXECUTE FUNCTION spoil()
                """,
                [],
                Token),
            Token);

        var refusal = await Assert.ThrowsAsync<StoreMoveException>(
            () => new StoreMove(_folder.Path, database, NullLoggerFactory.Instance, _ => { }).RunAsync(Token));

        Assert.Contains("arrived: 2 records", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2L, await database.ReadAsync(c => Sql.ScalarAsync(c, "SELECT count(*) FROM records", [], Token), Token));
    }

    private static async Task<List<string>> ReadAsync(ServerProcess server)
    {
        var events = (await server.GetAsync("/events?limit=1000", Token)).GetProperty("events");

        // Records get their pattern when the engine comes to them, which may be after they are read here.
        return
        [
            .. events.EnumerateArray().Select(e => e.GetProperty("type").GetString() == "log.entry"
                ? $"log.entry {e.GetProperty("id")} {e.GetProperty("timestamp")} {e.GetProperty("message")}"
                : e.GetRawText()),
        ];
    }

    /// <summary>Two flushes with two classes each, and a row of everything in the state.</summary>
    private async Task FillAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "journal"));
        using var database = StateDatabase.Open(_folder.Path);
        var classes = await RetentionClassTable.LoadAsync(database, [TimeSpan.FromDays(30), TimeSpan.FromDays(7)], Token);
        using var records = await EmbeddedRecordStore.OpenAsync(
            _folder.Path, database, new EmbeddedStoreOptions { Classes = classes }, TimeProvider.System, NullLogger<EmbeddedRecordStore>.Instance, Token);
        var week = new RecordMark(classes.NumberOf(TimeSpan.FromDays(7)), SampleWeights.None);
        Row[] first = [new("one") { TraceId = "t", Id = "a" }, new("nul\0") { Mark = week, Pattern = ulong.MaxValue }, new("three") { DuplicateOf = 1 }, new("four") { Mark = week }];
        ((IRecordStore)records).AddAnnotated(1, first);
        await records.FlushAsync(all: true, Token);
        ((IRecordStore)records).AddAnnotated(10, new Row("five"), new Row("six") { Mark = week }, new Row("seven") { Mark = week });
        await records.FlushAsync(all: true, Token);

        var state = new EmbeddedStateStore(database);
        var json = "{\"ü\":1}"u8.ToArray();
        await state.ApplyAsync(
            new EngineOutput(
                14,
                [new DerivedEvent("d1", "log.summary", 5, "production", null, "i1", null, json)],
                [new OutboxItem("a1", "slack", "i1", json, 0), new OutboxItem("a2", "slack", "i1", json, 0)])
            {
                Aliases = [new NamedAlias(new PatternId(1), new PatternId(ulong.MaxValue), "a <*>")],
            },
            Token);
        await state.MarkDeliveredAsync("a1", "slack", DateTimeOffset.UnixEpoch, Token);
        await state.SaveSnapshotAsync(new EngineSnapshot(1, 12, new byte[] { 0, 255 }), Token);
        await new EmbeddedDeadLetterStore(database).SavePoisonAsync([new PoisonTry(13, 3, new DeadLetter("l1", DateTimeOffset.UnixEpoch, "bad\0", new byte[] { 0 }))], Token);
        await new EmbeddedIdempotencyStore(database).SaveAsync(
            [new Server.Ingestion.KeptKey("k1", 7, new Server.Ingestion.StoredAnswer(201, json), 100)], 0, 11, Token);
        await new EmbeddedFeedbackStore(database).AddAsync(
            new Feedback
            {
                IncidentId = "i1",
                Verdict = FeedbackVerdict.Accept,
                Service = "db",
                Signature = new IncidentSignature("production", "x", [], []),
                IncidentAt = DateTimeOffset.UnixEpoch,
                At = DateTimeOffset.UnixEpoch,
            },
            Token);
    }

    private async Task<PostgresDatabase> OpenTargetAsync()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        return await PostgresDatabase.OpenAsync(url, Token);
    }

    private async Task MustHoldAllAsync(PostgresDatabase target)
    {
        using var source = StateDatabase.Open(_folder.Path);
        using var embedded = await EmbeddedRecordStore.OpenAsync(
            _folder.Path, source, new EmbeddedStoreOptions(), TimeProvider.System, NullLogger<EmbeddedRecordStore>.Instance, Token);
        using var moved = await PostgresRecordStore.OpenAsync(
            target, new PostgresStoreOptions(), TimeProvider.System, NullLogger<PostgresRecordStore>.Instance, Token);
        var all = new RecordQuery { OldestFirst = true, Limit = 1000 };
        Assert.Equal(await embedded.FindAsync(all, Token), await moved.FindAsync(all, Token));
        Assert.Equal((7L, 12L), (await moved.CountAsync(Token), moved.AppliedSequence));
        Assert.Equal(7, (await moved.CountAsync(new CountQuery(new RecordQuery(), 0, CountBy.None), Token))[0].Records);

        var (from, to) = (new EmbeddedStateStore(source), new PostgresStateStore(target));
        Assert.Equal(14, await to.GetEnginePositionAsync(Token));
        Assert.Equal((await from.FindAsync(new DerivedQuery(), Token))[0].Row, (await to.FindAsync(new DerivedQuery(), Token))[0].Row);
        Assert.Equal("{\"ü\":1}", Encoding.UTF8.GetString((await to.FindByIdAsync("d1", Token))!.Json.Span));
        Assert.Equal(["a2"], (await to.DueAlertsAsync("slack", DateTimeOffset.UnixEpoch, 5, Token)).Select(a => a.Id));
        Assert.Equal(12, (await to.LoadSnapshotAsync(Token))!.Sequence);
        Assert.Equal("bad\0", Assert.Single(await to.ListDeadLettersAsync(5, Token)).Reason);
        Assert.Single(await to.FindAliasesAsync(0, Token));
        Assert.Single(await new PostgresFeedbackStore(target).AllAsync(Token));
        Assert.Equal(11, await new PostgresIdempotencyStore(target).LoadAsync(0, k => Assert.Equal("k1", k.Key), Token));

        // Numbers of rows go on.
        Assert.Single(await to.ApplyAsync(new EngineOutput(15, [new DerivedEvent("d2", "log.summary", 6, "production", null, null, null, "{}"u8.ToArray())], []), Token));
    }
}
