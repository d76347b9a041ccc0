using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class DeliveryWatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly AlertMetrics _metrics = new([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AfterTenMinutesOthersAreToldAndToldAgainWhenItIsOver()
    {
        await AddAsync("1");
        var sink = DownUntil(Start.AddMinutes(30));

        await RunAsync(sink);

        Assert.Equal(["alert.undelivered", "alert.redelivered"], (await NoticesAsync()).Select(n => n.Type));
        foreach (var other in new[] { "mail", "console" })
        {
            var items = await TakeAllAsync(other);
            Assert.Equal([AlertKind.Firing, AlertKind.Resolved], items.Select(i => i.Kind));
            Assert.Equal(items[0].IncidentId, items[1].IncidentId);
            Assert.All(items, i => Assert.Equal("hook", i.FailingSink));
            Assert.Equal("not taken since 2026-11-23T12:00:00Z: HTTP 503", items[0].Observed);
            Assert.Equal(Start, items[0].StartedAt);
        }

        var first = (await NoticesAsync())[0];
        Assert.InRange(Culprit.Engine.Records.UnixNanos.ToTime(first.TimestampNanos), Start + DeliveryWatch.Patience, Start.AddMinutes(16));
    }

    [Fact]
    public async Task AShortFailureIsNobodysBusiness()
    {
        await AddAsync("1");

        await RunAsync(DownUntil(Start.AddMinutes(5)));

        Assert.Empty(await NoticesAsync());
    }

    [Fact]
    public async Task WhileItLastsThereIsAtMostOneNoticeAnHour()
    {
        await AddAsync("1");

        await RunAsync(DownUntil(Start.AddHours(5)));

        var times = (await NoticesAsync()).Where(n => n.Type == EventTypes.AlertUndelivered).Select(n => n.TimestampNanos).ToList();
        Assert.InRange(times.Count, 4, 5);
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 3600 * 1_000_000_000L));
    }

    /// <summary>Each is a notice to whoever is told: a later one is no update of the first.</summary>
    [Fact]
    public async Task EveryNoticeArrivesAsOne()
    {
        await AddAsync("1");
        await RunAsync(DownUntil(Start.AddHours(3)));
        var mail = new ScriptedSink("mail", _clock, _ => ScriptedSink.Delivered);

        await RunAsync(mail);

        var arrived = mail.Attempts.Select(a => Assert.IsType<Alert>(AlertParser.TryParse(a.Alert.Json, out var alert, out _) ? alert : null)).ToList();
        Assert.InRange(arrived.Count(a => a.Kind == AlertKind.Firing), 2, 3);
        Assert.All(arrived, a => Assert.Equal("hook", a.FailingSink));
    }

    [Fact]
    public async Task ASinkThatComesAndGoesMakesOneNoticeAnHour()
    {
        for (var i = 0; i < 10; i++)
        {
            await AddAsync($"{i}");
            await RunAsync(new ScriptedSink("hook", _clock, _ => new DeliveryResult(DeliveryOutcome.Rejected, "HTTP 400")));
            await AddAsync($"{i}-taken");
            await RunAsync(DownUntil(Start));
            _clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(["alert.undelivered", "alert.redelivered"], (await NoticesAsync()).Select(n => n.Type));
    }

    [Fact]
    public async Task ARestartKnowsWhoWasToldWhat()
    {
        await AddAsync("1");
        await AddAsync("2");
        await RunAsync(DownUntil(Start.AddDays(1)), Start.AddMinutes(20));
        Assert.Single(await NoticesAsync());

        await RunAsync(DownUntil(Start.AddDays(1)), Start.AddMinutes(40));
        Assert.Single(await NoticesAsync());
        await RunAsync(DownUntil(Start));

        var notices = await NoticesAsync();
        Assert.Equal(["alert.undelivered", "alert.redelivered"], notices.Select(n => n.Type));
        Assert.Equal(notices[0].CorrelationId, notices[1].CorrelationId);
    }

    [Fact]
    public async Task AStoreThatIsAwayHoldsNoDeliveryUp()
    {
        await AddAsync("1");
        await AddAsync("2");
        var away = new CrashingStateStore(_state) { IsAwayForReading = true };

        await RunAsync(new ScriptedSink("hook", _clock, a => a.Id == "1" ? new DeliveryResult(DeliveryOutcome.Rejected, "no") : ScriptedSink.Delivered), store: away);

        Assert.Equal(Start, _clock.GetUtcNow());
        Assert.Empty(await _state.WaitingSinksAsync(Token));
        Assert.Empty(await NoticesAsync());
    }

    [Fact]
    public async Task TheConsoleThatFailsIsNotToldOfItself()
    {
        await _state.ApplyAsync(new EngineOutput(1, [], [new OutboxItem("1", "console", "i", "{}"u8.ToArray(), 0)]), Token);

        await RunAsync(new ScriptedSink("console", _clock, _ => new DeliveryResult(DeliveryOutcome.Rejected, "no")), toTell: _ => []);

        Assert.Empty(await NoticesAsync());
    }

    private ScriptedSink DownUntil(DateTimeOffset end) =>
        new("hook", _clock, _ => _clock.GetUtcNow() < end ? ScriptedSink.Down : ScriptedSink.Delivered);

    private Task AddAsync(string id) => _state.ApplyAsync(new EngineOutput(1, [], [new OutboxItem(id, "hook", "i", "{}"u8.ToArray(), 0)]), Token);

    private async Task<List<DerivedEvent>> NoticesAsync() => [.. (await _state.FindAsync(new DerivedQuery { OldestFirst = true }, Token)).Select(r => r.Event)];

    private async Task<List<Alert>> TakeAllAsync(string sink)
    {
        var taken = new List<Alert>();
        while (await _state.DueAlertsAsync(sink, _clock.GetUtcNow(), 1, Token) is [var item])
        {
            Assert.True(AlertParser.TryParse(item.Json, out var alert, out _));
            taken.Add(alert);
            await _state.MarkDeliveredAsync(item.Id, sink, _clock.GetUtcNow(), Token);
        }

        return taken;
    }

    /// <summary>Serves until nothing waits or a time has come, moving the clock to each moment that the lane asks for.</summary>
    private async Task RunAsync(ScriptedSink sink, DateTimeOffset? until = null, Func<string, IReadOnlyList<string>>? toTell = null, IStateStore? store = null)
    {
        var lane = SomeLane.Of(sink, store ?? _state, _metrics, _clock, sinksToTell: toTell ?? (_ => ["mail", "console"]));
        while (await lane.ServeAsync(Token) is { } pause && !(_clock.GetUtcNow() >= until))
        {
            if (pause > TimeSpan.Zero)
            {
                _clock.Advance(pause);
            }
        }
    }
}
