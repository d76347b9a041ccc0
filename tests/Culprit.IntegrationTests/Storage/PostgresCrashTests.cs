using System.Text;
using Culprit.Engine;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Postgres;
using Culprit.Tests.Support;

namespace Culprit.IntegrationTests.Storage;

/// <summary>R8 on PostgreSQL: what the database has in the end is the same, with the same ids, whether or not the engine crashed on the way.</summary>
[Collection(FaultCollection.Name)]
public sealed class PostgresCrashTests(SharedPostgres postgres)
{
    private const int CrashesPerTraffic = 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACrashAtAnyPointChangesNothingThatTheDatabaseHas()
    {
        var runs = FaultTier.Runs(20, 1000);
        var seed = FaultTier.NewSeed();
        var (events, incidents) = (0, 0);
        List<JournalEntry> entries = [];
        List<string> expected = [];
        for (var run = 0; run < runs; run++)
        {
            var random = new Random(seed + run);
            if (run % CrashesPerTraffic == 0)
            {
                entries = FaultyServices.Traffic(random);
                expected = await OutcomeAsync(store => PlayAsync(New(), entries, 0, entries.Count, store));
                events += expected.Count;
                incidents += expected.Count(e => e.Contains("\"incident.opened\"", StringComparison.Ordinal));
            }

            Assert.Equal(expected, await WithCrashesAsync(entries, random));
        }

        FaultTier.Report($"R8 on PostgreSQL, {runs} crashed runs with {events} events and {incidents} incidents to compare, seed {seed}: 0 differ");
        Assert.True(incidents > 0, "there was no incident to compare");
    }

    private static Pipeline New() => new(new PipelineOptions(), 42, new RootCauseRanker(RunbookLibrary.Empty));

    /// <summary>One to three crashes, each of which leaves an output applied or not, and goes back to the snapshot that the database has.</summary>
    private Task<List<string>> WithCrashesAsync(List<JournalEntry> entries, Random random) => OutcomeAsync(async store =>
    {
        var at = 0;
        for (var crashes = random.Next(1, 4); crashes > 0; crashes--)
        {
            // As in the worker, a snapshot follows a tick.
            var pipeline = await RestoreAsync(store);
            var snapshotAt = entries.FindIndex(random.Next(Math.Min(at, entries.Count - 1), entries.Count), e => e.Batch is null) + 1;
            await PlayAsync(pipeline, entries, at, snapshotAt, store);
            await store.SaveSnapshotAsync(new EngineSnapshot(Pipeline.SnapshotVersion, entries[snapshotAt - 1].LastSequence, pipeline.ToSnapshot()), Token);
            await PlayAsync(pipeline, entries, snapshotAt, random.Next(snapshotAt, entries.Count + 1), store);
            at = snapshotAt;
        }

        var last = await RestoreAsync(store);
        await PlayAsync(last, entries, at, entries.Count, store);
    });

    private static async Task<Pipeline> RestoreAsync(PostgresStateStore store)
    {
        var pipeline = New();
        if (await store.LoadSnapshotAsync(Token) is { } snapshot)
        {
            Assert.True(pipeline.TryRestore(snapshot.Version, snapshot.Bytes.Span));
        }

        return pipeline;
    }

    private static async Task PlayAsync(Pipeline pipeline, List<JournalEntry> entries, int from, int to, PostgresStateStore store)
    {
        foreach (var entry in entries[from..to])
        {
            var output = entry.Batch is { } batch ? pipeline.Process(batch, new BatchAnnotations(batch.Count)) : pipeline.Tick(entry.TickNanos);
            if (output.Count > 0)
            {
                var alerts = output.Where(e => e.Type.StartsWith("alert.", StringComparison.Ordinal));
                await store.ApplyAsync(
                    new EngineOutput(entry.LastSequence, [.. output], [.. alerts.Select(e => new OutboxItem(e.Id, "sink", e.CorrelationId!, e.Json, 0))]), Token);
            }
        }
    }

    /// <summary>Every event and every alert to deliver that the database has at the end, in a schema of its own.</summary>
    private async Task<List<string>> OutcomeAsync(Func<PostgresStateStore, Task> play)
    {
        Assert.True(StoreUrl.TryParse(await postgres.NewDatabaseAsync(Token), out var url));
        await using var database = await PostgresDatabase.OpenAsync(url, Token);
        var store = new PostgresStateStore(database);
        await play(store);
        var events = await store.FindAsync(new DerivedQuery { Limit = 10_000 }, Token);
        var alerts = await database.ReadAsync(
            c => Sql.ListAsync(c, "SELECT id, incident_id FROM outbox", [], r => $"{r.GetString(0)} of {r.GetString(1)}", Token), Token);
        return [.. events.Select(e => Encoding.UTF8.GetString(e.Event.Json.Span)).Order(StringComparer.Ordinal), .. alerts.Order(StringComparer.Ordinal)];
    }
}
