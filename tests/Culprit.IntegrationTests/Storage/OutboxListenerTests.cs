using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.IntegrationTests.Storage;

public sealed class OutboxListenerTests(SharedPostgres postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoeverPutsAnAlertIntoTheOutboxWakesTheDispatcherAlsoAfterTheSessionEnded()
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        await using var database = await PostgresDatabase.OpenAsync(url, Token);
        await using var other = await PostgresDatabase.OpenAsync(url, Token);
        var state = new PostgresStateStore(other);
        var signal = new AlertSignal();
        using var listener = new OutboxListener(database, signal, TimeProvider.System, NullLogger<OutboxListener>.Instance);
        var listens = signal.Next;
        await listener.StartAsync(Token);
        await listens.WaitAsync(Patience, Token);

        var woken = signal.Next;
        await state.ApplyAsync(new EngineOutput(1, [], [new OutboxItem("1", "slack", "i1", "{}"u8.ToArray(), 0)]), Token);
        await woken.WaitAsync(Patience, Token);

        var listensAgain = signal.Next;
        await database.ReadAsync(
            c => Sql.ExecuteAsync(
                c,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
                [],
                Token),
            Token);
        await listensAgain.WaitAsync(Patience, Token);
        var wokenAgain = signal.Next;
        await state.ApplyAsync(new EngineOutput(2, [], [new OutboxItem("2", "slack", "i2", "{}"u8.ToArray(), 0)]), Token);
        await wokenAgain.WaitAsync(Patience, Token);
        await listener.StopAsync(Token);
    }
}
