using Culprit.Engine.Storage;
using Culprit.Server.Storage.Embedded;
using Culprit.Tests.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Culprit.IntegrationTests.Storage;

public sealed class EmbeddedStateStoreTests : StateStoreContract
{
    private readonly DataFolder _folder = new();
    private StateDatabase? _database;

    [Fact]
    public async Task EverythingIsThereAfterARestart()
    {
        await ApplyAsync(9, Event("a"));
        await ApplyAlertsAsync(Alert("1", "slack", "i1"), Alert("2", "slack", "i1"));
        await Store.MarkDeliveredAsync("1", "slack", DateTimeOffset.UnixEpoch, Token);
        await Store.SaveSnapshotAsync(new EngineSnapshot(1, 9, new byte[] { 1 }), Token);
        await Store.AddDeadLetterAsync(new DeadLetter("d", DateTimeOffset.UnixEpoch, "bad", default), Token);

        _database!.Dispose();
        await ReopenAsync();

        Assert.Equal(9, await Store.GetEnginePositionAsync(Token));
        Assert.Equal(["a"], await FindAsync(new DerivedQuery()));
        Assert.Equal(["2>slack"], await DueAsync(DateTimeOffset.UnixEpoch));
        Assert.Equal(9, (await Store.LoadSnapshotAsync(Token))?.Sequence);
        Assert.Single(await Store.ListDeadLettersAsync(5, Token));
    }

    [Fact]
    public async Task OnlyTheTwoNewestSnapshotsAreKept()
    {
        for (var i = 0; i < 5; i++)
        {
            await Store.SaveSnapshotAsync(new EngineSnapshot(1, i, new byte[] { 1 }), Token);
        }

        Assert.Equal(2L, _database!.Read(c => StateDatabase.Command(c, "SELECT count(*) FROM snapshots").ExecuteScalar()));
    }

    [Fact]
    public async Task AWriteThatFailsHalfwayLeavesNothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _database!.WriteAsync<int>(
            c =>
            {
                DerivedEventTable.TryAdd(c, Event("half"));
                throw new InvalidOperationException("stop");
            },
            Token));

        Assert.Null(await Store.FindByIdAsync("half", Token));
        Assert.Single(await ApplyAsync(1, Event("half")));
    }

    [Fact]
    public void ADatabaseOfANewerVersionIsRefusedAndLeftAlone()
    {
        _database!.Dispose();
        SetVersion(StateMigrations.Newest + 1);

        var refusal = Assert.Throws<StateDatabaseException>(() => StateDatabase.Open(_folder.Root));

        Assert.Contains("newer Culprit", refusal.Message, StringComparison.Ordinal);
        SetVersion(StateMigrations.Newest);
        StateDatabase.Open(_folder.Root).Dispose();
    }

    [Fact]
    public async Task AnOutboxBeforeGivingUpIsBroughtUpWithItsAlerts()
    {
        await ApplyAlertsAsync(Alert("1", "slack", "i1"));
        await _database!.WriteAsync(
            c => StateDatabase.Command(
                c, StateMigrationsTests.UndoToThree + "DROP INDEX outbox_by_incident; ALTER TABLE outbox DROP COLUMN failing_since; PRAGMA user_version = 2").ExecuteNonQuery(),
            Token);
        _database.Dispose();

        await ReopenAsync();
        var now = DateTimeOffset.UnixEpoch;
        await Store.MarkFailedAsync("1", "slack", now, now, "HTTP 503", Token);

        var alert = Assert.Single(await Store.DueAlertsAsync("slack", now, 10, Token));
        Assert.Equal((1, now), (alert.Attempts, alert.FailingSince));
    }

    [Fact]
    public async Task CommitsAreForcedToDisk()
    {
        var settings = await _database!.WriteAsync(
            c => (StateDatabase.Command(c, "PRAGMA synchronous").ExecuteScalar(), StateDatabase.Command(c, "PRAGMA journal_mode").ExecuteScalar()),
            Token);

        Assert.Equal((2L, "wal"), settings);
    }

    private protected override Task<IStateStore> OpenAsync()
    {
        _database = StateDatabase.Open(_folder.Root);
        return Task.FromResult<IStateStore>(new EmbeddedStateStore(_database));
    }

    protected override Task CloseAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private void SetVersion(int version)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.StateFile};Pooling=False");
        connection.Open();
        StateDatabase.Command(connection, $"PRAGMA user_version = {version}").ExecuteNonQuery();
    }
}
