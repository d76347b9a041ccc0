using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Detection;
using Culprit.Server.Ingestion;
using Culprit.Server.Querying;
using Culprit.Server.Rules;
using Culprit.Server.Storage;
using Culprit.Tests.Rules;
using Culprit.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.Detection;

/// <summary>Handlers see a firing at least once: until they are done, no snapshot takes the engine past it.</summary>
public sealed class EngineWorkerTests
{
    private readonly FakeTimeProvider _clock = new(Some.Noon);
    private readonly MemoryStateStore _state = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ASnapshotWaitsForTheHandlersOfTheFiringsInIt()
    {
        var release = new TaskCompletionSource();
        var handler = new ScriptedHandler(async (_, _) =>
        {
            await release.Task;
            return TriggerResult.Ack;
        });
        await using var run = await RunAsync(handler);
        await run.TakeErrorAsync();

        _clock.Advance(TimeSpan.FromSeconds(31));
        await run.TickAsync();
        var before = await _state.LoadSnapshotAsync(Token);
        release.SetResult();
        await UntilAsync(() => run.Dispatcher.Progress.Settled == 1);
        await run.TickAsync();

        Assert.Null(before);
        Assert.NotNull(await _state.LoadSnapshotAsync(Token));
    }

    [Fact]
    public async Task AFiringThatNoHandlerFinishedComesAgainAfterARestart()
    {
        var never = new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Nack("away", TimeSpan.FromHours(1))));
        await using (var first = await RunAsync(never))
        {
            await first.TakeErrorAsync();
            _clock.Advance(TimeSpan.FromSeconds(31));
            await first.TickAsync();
        }

        Assert.Null(await _state.LoadSnapshotAsync(Token));
        var again = new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Ack));
        await using var second = await RunAsync(again);
        await second.TakeErrorAsync();

        Assert.Equal(never.Calls, again.Calls);
    }

    [Fact]
    public async Task ACleanStopLeavesNothingToReplay()
    {
        var run = await RunAsync(new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Ack)));
        await run.TakeErrorAsync();
        await UntilAsync(() => run.Dispatcher.Progress.Settled == 1);
        await run.DisposeAsync();

        var snapshot = await _state.LoadSnapshotAsync(Token);

        Assert.Equal(2, snapshot?.Sequence); // The error and the tick of the stop.
    }

    [Fact]
    public async Task AChangeGoesOnceToTheSinksThatShowChangesAlsoAfterARestart()
    {
        var handler = new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Ack));
        var journal = new ListJournal();
        var router = new AlertRouter([], ["console"]) { ChangeSinks = ["pager"] };
        await using (var run = await RunAsync(handler, router, journal))
        {
            await run.TakeAsync(Some.Log(0, "checkout", "deploy 7") with { Kind = EventKind.Change, Attributes = """{"kind":"deploy"}""" });
        }

        var item = Assert.Single(await _state.DueAlertsAsync("pager", Some.Noon, 10, Token));
        Assert.True(ForwardedChange.TryRead(item.Json, out var change));
        Assert.Equal(("deploy", "checkout", "deploy 7"), (change.Kind, change.Service, change.Message));
        await _state.MarkDeliveredAsync(item.Id, "pager", Some.Noon, Token);

        // As if the engine had no snapshot: everything is gone over again.
        await _state.SaveSnapshotAsync(new EngineSnapshot(-1, 0, default), Token);
        await using var again = await RunAsync(handler, router, journal);
        await again.TakeAsync(Some.Log(1, "checkout", "deploy 8") with { Kind = EventKind.Change });

        Assert.NotEqual(item.Id, Assert.Single(await _state.DueAlertsAsync("pager", Some.Noon, 10, Token)).Id);
    }

    private async Task<Run> RunAsync(ScriptedHandler handler, AlertRouter? router = null, ListJournal? kept = null)
    {
        var journal = kept ?? new ListJournal();
        var records = new MemoryRecordStore();
        var hub = new EventHub(new EventJsonWriter(journal.Id));
        var output = new StoredTriggerOutput(_state, hub, _clock);
        var dispatcher = new TriggerDispatcher([handler], output, new TriggerOptions { Timeout = TimeSpan.FromHours(1) }, _clock, NullLogger<TriggerDispatcher>.Instance);
        var rule = new Rule { Name = "errors", On = ["log.error"], Call = handler.Name };
        var progress = new EngineProgress();
        var worker = new EngineWorker(
            journal, records, new RecordFeed(records, new IngestLimits(1L << 40), _clock), _state, hub, new PipelineOptions { Rules = [rule] }, new RootCauseRanker(RunbookLibrary.Empty),
            new AlertPost(router ?? AlertSettings.None.ToRouter(), ServiceLabels.None, new IncidentBook(), _clock), new AlertSignal(), dispatcher, output, new ListedDeadLetters(), progress, new DetectionMetrics(), _clock, NullLogger<EngineWorker>.Instance);
        await dispatcher.StartAsync(Token);
        await worker.StartAsync(Token);
        return new Run(journal, records, worker, dispatcher, progress, handler);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    private sealed class Run(
        ListJournal journal, MemoryRecordStore records, EngineWorker worker, TriggerDispatcher dispatcher, EngineProgress progress,
        ScriptedHandler handler) : IAsyncDisposable
    {
        public TriggerDispatcher Dispatcher => dispatcher;

        public async Task TakeErrorAsync()
        {
            var batch = Some.Batch(journal.LastSequence + 1, Some.Error(0));
            records.Add(batch);
            journal.Write(batch, 0);
            await UntilAsync(() => progress.Sequence == journal.LastSequence && !handler.Calls.IsEmpty);
            await records.FlushAsync(all: true, Token);
        }

        public async Task TakeAsync(Entry entry)
        {
            var batch = Some.Batch(journal.LastSequence + 1, entry);
            records.Add(batch);
            journal.Write(batch, 0);
            await UntilAsync(() => progress.Sequence == journal.LastSequence);
        }

        public async Task TickAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                journal.Write(null, Some.At(journal.LastSequence + 1));
                await UntilAsync(() => progress.Sequence == journal.LastSequence);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await worker.StopAsync(CancellationToken.None);
            await dispatcher.StopAsync(CancellationToken.None);
            worker.Dispose();
            dispatcher.Dispose();
        }
    }
}
