using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Configuration;
using Culprit.Server.Detection;
using Culprit.Server.Health;
using Culprit.Server.Querying;
using Culprit.Tests.Alerting;
using Culprit.Tests.Detection;
using Culprit.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.Health;

/// <summary>Alerts about the server on their way into the outbox, beside an engine that does nothing.</summary>
public sealed class SelfWatchTests
{
    private readonly MemoryStateStore _store = new();
    private readonly FakeTimeProvider _clock = new(Some.Noon);
    private readonly AlertRouter _router = new([new AlertRoute { Sinks = ["pager", "chat"] }], ["console"]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnEngineThatNeverTakesAStepIsTold()
    {
        var watch = Watch(_store, new EngineHealth(new EngineProgress(), new ListJournal(), _clock));

        await LookForAsync(watch, TimeSpan.FromSeconds(170));
        Assert.Empty(await DueAsync("pager"));
        await LookForAsync(watch, TimeSpan.FromSeconds(20));

        var item = Assert.Single(await DueAsync("pager"));
        Assert.True(AlertParser.TryParse(item.Json, out var alert, out var mistake), mistake);
        Assert.Equal(("culprit", "engine_lag", AlertKind.Firing), (alert.Environment, alert.AnomalyType, alert.Kind));
        Assert.Equal(item.Id, Assert.Single(await DueAsync("chat")).Id);
    }

    [Fact]
    public async Task ARestartTellsNothingTwiceAndResolvesWhatIsWell()
    {
        var bad = new Report("disk", ("used_percent", 88.0), ("reserve", "held"));
        await LookForAsync(Watch(_store, bad), TimeSpan.FromMinutes(5));
        await LookForAsync(Watch(_store, bad), TimeSpan.FromMinutes(5));
        Assert.Single(await EventsAsync());

        await LookForAsync(Watch(_store, new Report("disk", ("used_percent", 50.0), ("reserve", "held"))), TimeSpan.FromMinutes(6));

        var events = await EventsAsync();
        Assert.Equal([EventTypes.AlertFiring, EventTypes.AlertResolved], events.Select(e => e.Type));
        Assert.Single(events.Select(e => e.CorrelationId).Distinct());

        await LookForAsync(Watch(_store, bad), TimeSpan.FromMinutes(5));
        Assert.Equal(2, (await EventsAsync()).Select(e => e.CorrelationId).Distinct().Count());
    }

    [Fact]
    public async Task WhatTheStoreDidNotTakeIsToldWhenItDoes()
    {
        var watch = Watch(new CrashingStateStore(_store) { Refusals = 1 }, new Report("disk", ("used_percent", 95.0)));
        await Assert.ThrowsAsync<IOException>(() => LookForAsync(watch, TimeSpan.FromMinutes(2)));
        Assert.Empty(await EventsAsync());

        await LookForAsync(watch, TimeSpan.FromSeconds(4));

        Assert.Single(await EventsAsync());
    }

    private async Task LookForAsync(SelfWatch watch, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += SelfWatch.LookEvery)
        {
            await watch.LookAsync(Token);
            _clock.Advance(SelfWatch.LookEvery);
        }
    }

    private Task<IReadOnlyList<OutboxItem>> DueAsync(string sink) => _store.DueAlertsAsync(sink, _clock.GetUtcNow(), 10, Token);

    private async Task<IReadOnlyList<DerivedEvent>> EventsAsync() =>
        [.. (await _store.FindAsync(new DerivedQuery { Environment = SelfAlert.Origin, OldestFirst = true }, Token)).Select(r => r.Event)];

    private SelfWatch Watch(IStateStore store, params IHealthSource[] sources) => Watch(store, _router, sources);

    private SelfWatch Watch(IStateStore store, AlertRouter router, params IHealthSource[] sources)
    {
        var post = new AlertPost(router, ServiceLabels.None, new IncidentBook(), _clock);
        return new SelfWatch(
            sources,
            new SelfExam(new SelfAlertSection(), maxDiskUsedPercent: 90),
            new SelfAlertBook(TimeSpan.FromMinutes(5)),
            store,
            post,
            new SideOutput(store, post, new EventHub(new EventJsonWriter(1)), new AlertSignal()),
            _clock,
            NullLogger<SelfWatch>.Instance);
    }

    private sealed class Report(string name, params (string Name, object Value)[] numbers) : IHealthSource
    {
        public string Name => name;

        public HealthReport Check() => new(HealthState.Ok, null, numbers.ToDictionary(n => n.Name, n => n.Value));
    }
}
