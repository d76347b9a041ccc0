using Culprit.Engine.RootCause.Learning;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Ingestion;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Postgres;
using Npgsql;

namespace Culprit.IntegrationTests.Storage;

/// <summary>Opening, migrating, and the small stores.</summary>
public class PostgresDatabaseTests(SharedPostgres postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int> Versions => [.. Enumerable.Range(0, PostgresMigrations.Newest)];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AMigrationThatIsKilledIsFinishedByTheNextStart(int from)
    {
        var url = await NewUrlAsync();
        await using (var connection = await ConnectAsync(url))
        {
            await PostgresMigrations.ApplyAsync(connection, from, Token);
        }

        await using (var connection = await ConnectAsync(url))
        {
            // The last thing of a step is its version: a conflict there is an end as late as can be.
            await Sql.ExecuteAsync(connection, $"ALTER TABLE schema_version ADD CONSTRAINT never CHECK (version <= {from})", [], Token);
            await Assert.ThrowsAsync<PostgresException>(() => PostgresMigrations.ApplyAsync(connection, Token));
            await Sql.ExecuteAsync(connection, "ALTER TABLE schema_version DROP CONSTRAINT never", [], Token);
        }

        await using var database = await PostgresDatabase.OpenAsync(url, Token);

        Assert.Equal((long)PostgresMigrations.Newest, await database.ReadAsync(c => Sql.ScalarAsync(c, "SELECT count(*) FROM schema_version", [], Token), Token));
        Assert.Equal(0, await new PostgresStateStore(database).GetEnginePositionAsync(Token));
    }

    [Fact]
    public async Task ServersThatStartTogetherMigrateOnce()
    {
        var url = await NewUrlAsync();

        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresDatabase.OpenAsync(url, Token)));

        Assert.Equal(
            (long)PostgresMigrations.Newest, await opened[0].ReadAsync(c => Sql.ScalarAsync(c, "SELECT count(*) FROM schema_version", [], Token), Token));
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task ASchemaOfANewerVersionIsRefusedAndLeftAlone()
    {
        var url = await NewUrlAsync();
        await (await PostgresDatabase.OpenAsync(url, Token)).DisposeAsync();
        await using (var connection = await ConnectAsync(url))
        {
            await Sql.ExecuteAsync(connection, "INSERT INTO schema_version (version) VALUES ($1)", [PostgresMigrations.Newest + 1], Token);
        }

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => PostgresDatabase.OpenAsync(url, Token));

        Assert.Contains("newer Culprit", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARoleThatMayNotMakeTheSchemaIsToldWhatToRun()
    {
        var server = await postgres.ServerAsync(Token);
        await server.ExecuteAsync("postgres", "CREATE DATABASE without_schema", Token);
        Assert.True(StoreUrl.TryParse(server.UrlOf("without_schema"), out var url));

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => PostgresDatabase.OpenAsync(url, Token));

        Assert.Contains("CREATE SCHEMA culprit AUTHORIZATION", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatabaseThatIsNotInUtf8IsRefused()
    {
        var server = await postgres.ServerAsync(Token);
        await server.ExecuteAsync("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", Token);
        Assert.True(StoreUrl.TryParse(server.UrlOf("latin"), out var url));

        Assert.Contains("UTF-8", (await Assert.ThrowsAsync<StoreRefusedException>(() => PostgresDatabase.OpenAsync(url, Token))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong password", "postgres://culprit:not-this@127.0.0.1:PORT/postgres")]
    [InlineData("no such database", "postgres://culprit:PASSWORD@127.0.0.1:PORT/nothing")]
    [InlineData("nobody listens", "postgres://culprit:PASSWORD@127.0.0.1:1/postgres")]
    public async Task WhatGoesWrongIsSaidWithoutThePassword(string what, string pattern)
    {
        var server = await postgres.ServerAsync(Token);
        var text = pattern.Replace("PORT", $"{server.Port}", StringComparison.Ordinal)
            .Replace("PASSWORD", Uri.EscapeDataString(PostgresServer.Password), StringComparison.Ordinal);
        Assert.True(StoreUrl.TryParse(text, out var url), what);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => PostgresDatabase.OpenAsync(url, Token));

        foreach (var secret in (string[])["not-this", PostgresServer.Password, Uri.EscapeDataString(PostgresServer.Password)])
        {
            Assert.DoesNotContain(secret, failure.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, url.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains("127.0.0.1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FeedbackKeysAndClassesAreKept()
    {
        await using var database = await PostgresDatabase.OpenAsync(await NewUrlAsync(), Token);
        var feedback = new Feedback
        {
            IncidentId = "i1",
            Verdict = FeedbackVerdict.Correct,
            Service = "db\0",
            Note = "because",
            Signature = new IncidentSignature("production", "error-spike", ["db"], ["refused"]),
            IncidentAt = DateTimeOffset.UnixEpoch,
            At = DateTimeOffset.UnixEpoch.AddTicks(7),
        };
        await new PostgresFeedbackStore(database).AddAsync(feedback, Token);
        var keys = new PostgresIdempotencyStore(database);
        var kept = new KeptKey("key", UInt128.MaxValue - 5, new StoredAnswer(201, new byte[] { 1, 0 }), 100);
        await keys.SaveAsync([kept, kept with { Key = "old", AtNanos = 10 }], 10, 7, Token);
        await keys.SaveAsync([kept with { AtNanos = 101 }], 10, 9, Token);
        var classes = await PostgresRetentionClasses.LoadAsync(database, [TimeSpan.FromDays(30), TimeSpan.FromDays(7), TimeSpan.FromDays(1)], Token);
        var again = await PostgresRetentionClasses.LoadAsync(database, [TimeSpan.FromDays(30), TimeSpan.FromDays(1)], Token);

        var read = Assert.Single(await new PostgresFeedbackStore(database).AllAsync(Token));
        Assert.Equal((feedback.Service, feedback.Note, feedback.At, feedback.Verdict, null), (read.Service, read.Note, read.At, read.Verdict, read.Name));
        var loaded = new List<KeptKey>();
        Assert.Equal(9, await keys.LoadAsync(0, loaded.Add, Token));
        var key = Assert.Single(loaded);
        Assert.Equal(("key", kept.BodyHash, 201, 101L), (key.Key, key.BodyHash, key.Answer.Status, key.AtNanos));
        Assert.Equal([1, 0], key.Answer.Body.ToArray());
        Assert.Equal((1, 2, 2), (classes.NumberOf(TimeSpan.FromDays(7)), classes.NumberOf(TimeSpan.FromDays(1)), again.NumberOf(TimeSpan.FromDays(1))));
    }

    [Fact]
    public async Task LettersAreFoundRetriedAndDroppedAndPoisonIsCounted()
    {
        await using var database = await PostgresDatabase.OpenAsync(await NewUrlAsync(), Token);
        var state = new PostgresStateStore(database);
        var letters = new PostgresDeadLetterStore(database);
        var now = DateTimeOffset.UnixEpoch.AddDays(1);
        await state.ApplyAsync(new EngineOutput(1, [], [new OutboxItem("a1", "slack", "i1", "{}"u8.ToArray(), 0)]), Token);
        await state.GiveUpAsync("a1", "slack", new DeadLetter("a1:slack", now, "HTTP 410 Gone", "{\"n\":1}"u8.ToArray()) { Kind = DeadLetterKinds.Alert }, Token);
        await letters.SavePoisonAsync(
            [new PoisonTry(7, 3, new DeadLetter("engine:7", now, "It Failed", default) { Kind = DeadLetterKinds.Engine, EventId = "e7", Tries = 3, Decoder = "records/1" })], Token);
        await letters.SavePoisonAsync([new PoisonTry(9, 1, null)], Token);

        Assert.Equal(new Dictionary<long, int> { [7] = 3, [9] = 1 }, await letters.LoadPoisonAsync(Token));
        Assert.Equal(["engine:7", "a1:slack"], (await letters.FindAsync(new DeadLetterQuery(10), Token)).Select(l => l.Id));
        Assert.Equal(["a1:slack"], (await letters.FindAsync(new DeadLetterQuery(10, Text: "http 410"), Token)).Select(l => l.Id));
        var engine = Assert.Single(await letters.FindAsync(new DeadLetterQuery(10, DeadLetterKinds.Engine), Token));
        Assert.Equal(("e7", 3, "records/1"), (engine.EventId, engine.Tries, engine.Decoder));
        Assert.Single(await letters.FindAsync(new DeadLetterQuery(10, BeforeRow: engine.Row), Token));
        await letters.DropRetriedAsync("e7", now, Token);
        Assert.Null(await letters.FindByIdAsync("engine:7", Token));

        Assert.True(await letters.RetryAlertAsync((await letters.FindByIdAsync("a1:slack", Token))!, Token));
        Assert.Equal("{\"n\":1}"u8.ToArray(), Assert.Single(await state.DueAlertsAsync("slack", now, 5, Token)).Json.ToArray());
        Assert.False(await letters.DropAsync("a1:slack", Token));
        await state.SaveSnapshotAsync(new EngineSnapshot(1, 8, new byte[] { 1 }), Token);
        await letters.SavePoisonAsync([], Token);
        Assert.Equal([9L], (await letters.LoadPoisonAsync(Token)).Keys);
    }

    private static async Task<NpgsqlConnection> ConnectAsync(StoreUrl url)
    {
        var connection = new NpgsqlConnection(url.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        return connection;
    }

    private async Task<StoreUrl> NewUrlAsync() =>
        StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url) ? url : throw new InvalidOperationException();
}
