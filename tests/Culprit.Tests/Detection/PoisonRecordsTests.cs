using System.Text;
using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.DeadLetters;
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

/// <summary>A record at which the engine throws is tried three times, then passed over, and stops nothing else.</summary>
public sealed class PoisonRecordsTests
{
    private readonly FakeTimeProvider _clock = new(Some.Noon);
    private readonly ListJournal _journal = new();
    private readonly ListedDeadLetters _letters = new();
    private readonly MemoryRecordStore _records = new();
    private bool _isHarmless;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItBecomesADeadLetterAfterThreeTriesAndItsBatchGoesOn()
    {
        Write(Some.Error(0), Some.Error(1), Some.Error(2), Some.Log(3, message: "poison"), Some.Error(4), Some.Error(5));
        var state = await ProcessAsync(new MemoryStateStore());

        var letter = Assert.Single(_letters.All);
        var id = RecordId.Format(_journal.Id, 4);
        Assert.Equal(("engine:" + id, id, DeadLetterKinds.Engine, 3, "records/1"), (letter.Id, letter.EventId, letter.Kind, letter.Tries, letter.Decoder));
        Assert.Contains("InvalidOperationException: not this one", letter.Reason, StringComparison.Ordinal);
        Assert.Contains("\"message\":\"poison\"", Encoding.UTF8.GetString(letter.Raw.Span), StringComparison.Ordinal);
        Assert.Contains("log.anomaly", await TypesAsync(state)); // Five errors: those after it count.
    }

    [Fact]
    public async Task TheSameJournalGivesTheSameEventsAfterARestart()
    {
        Write(Some.Error(0), Some.Error(1), Some.Log(2, message: "poison"), Some.Error(3), Some.Error(4), Some.Error(5), Some.Error(6));
        _journal.Write(null, Some.At(7));
        var first = await EventsAsync(await ProcessAsync(new MemoryStateStore()));

        var again = await EventsAsync(await ProcessAsync(new MemoryStateStore()));

        Assert.NotEmpty(first);
        Assert.Equal(first, again[..first.Count]);
        Assert.Single(_letters.All);
    }

    [Fact]
    public async Task TriesAreCountedAcrossRestarts()
    {
        await _letters.SavePoisonAsync([new PoisonTry(1, 2, null)], Token);
        Write(Some.Log(0, message: "poison"));

        await ProcessAsync(new MemoryStateStore());

        Assert.Equal(3, Assert.Single(_letters.All).Tries);
    }

    [Fact]
    public async Task AFloodOfThemEndsTheTriesNotTheEngine()
    {
        Write([.. Enumerable.Range(0, 50).Select(i => Some.Log(i * 0.01, message: $"poison {i}")), Some.Log(1)]);

        await ProcessAsync(new MemoryStateStore());

        Assert.Equal(50, _letters.All.Count);
        Assert.Equal(50, _letters.All.Select(l => l.Id).Distinct().Count());
    }

    [Fact]
    public async Task RetriedItIsAnalysedOnceAndNotStoredAgain()
    {
        var handler = new ScriptedHandler((_, _) => Task.FromResult(TriggerResult.Ack));
        Write(Some.Log(0, message: "poison"));
        var state = await ProcessAsync(new MemoryStateStore(), handler);
        var letter = Assert.Single(_letters.All);
        using var desk = new DeadLetterDesk(_letters, _records, _journal, new AlertSignal(), _clock);

        _isHarmless = true;
        var problem = await desk.RetryAsync(letter.Id, Token);
        var second = await desk.RetryAsync(letter.Id, Token);
        await ProcessAsync(state, handler);

        Assert.Null(problem);
        Assert.Equal(404, second?.Status);
        Assert.Empty(_letters.All);
        Assert.Single(await TypesAsync(state), t => t == "rule.fired");
        Assert.Equal(1, await _records.CountAsync(Token));
    }

    private void Write(params ReadOnlySpan<Entry> entries) => _records.Add(_journal.Write(Some.Batch(1, entries), 0).Batch!);

    /// <summary>Runs the engine over the journal to its end, and stops it.</summary>
    private async Task<MemoryStateStore> ProcessAsync(MemoryStateStore state, ScriptedHandler? handler = null)
    {
        var hub = new EventHub(new EventJsonWriter(_journal.Id));
        var output = new StoredTriggerOutput(state, hub, _clock);
        using var dispatcher = new TriggerDispatcher(
            handler is null ? [] : [handler], output, new TriggerOptions(), _clock, NullLogger<TriggerDispatcher>.Instance);
        var rule = new Rule { Name = "all", Where = new Poison(() => !_isHarmless), Call = handler?.Name };
        var progress = new EngineProgress();
        using var worker = new EngineWorker(
            _journal, _records, new RecordFeed(_records, new IngestLimits(1L << 40), _clock), state, hub, new PipelineOptions { Rules = [rule] }, new RootCauseRanker(RunbookLibrary.Empty),
            new AlertPost(AlertSettings.None.ToRouter(), ServiceLabels.None, new IncidentBook(), _clock), new AlertSignal(), dispatcher, output, _letters, progress, new DetectionMetrics(), _clock,
            NullLogger<EngineWorker>.Instance);
        await dispatcher.StartAsync(Token);
        await worker.StartAsync(Token);
        var last = _journal.LastSequence;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (progress.Sequence < last)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await worker.StopAsync(Token);
        await dispatcher.StopAsync(Token);
        return state;
    }

    private static async Task<List<string>> EventsAsync(MemoryStateStore state) =>
        [.. (await state.FindAsync(new DerivedQuery { OldestFirst = true, Limit = 1000 }, Token)).Select(r => Encoding.UTF8.GetString(r.Event.Json.Span))];

    private static async Task<List<string>> TypesAsync(MemoryStateStore state) =>
        [.. (await state.FindAsync(new DerivedQuery { Limit = 1000 }, Token)).Select(r => r.Event.Type)];

    /// <summary>Wants records with "poison" in them, and throws at the sight of one.</summary>
    private sealed class Poison(Func<bool> throws) : Filter
    {
        private protected override int Level => TermLevel;

        public override bool Matches(in LogRecord record, FilterContext context) =>
            record.Body.IndexOf("poison"u8) >= 0 && (throws() ? throw new InvalidOperationException("not this one") : true);

        private protected override void Render(StringBuilder text) => text.Append("poison");
    }
}
