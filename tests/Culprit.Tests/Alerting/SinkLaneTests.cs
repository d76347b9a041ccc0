using System.Text;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Detection;
using Culprit.Server.Health;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class SinkLaneTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly IncidentBook _book = new();
    private readonly AlertMetrics _metrics = new([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AlertsOfAnIncidentGoOutInOrderAndOthersAreNotHeldUp()
    {
        await AddAsync(Item("1", "a"), Item("2", "a"), Item("3", "b"));
        var refusals = 1;
        var sink = new ScriptedSink("hook", _clock, alert => alert.Id == "1" && refusals-- > 0 ? ScriptedSink.Down : ScriptedSink.Delivered);

        await RunAsync(sink);

        Assert.Equal(["3", "1", "2"], sink.Taken);
    }

    [Fact]
    public async Task PausesGrowFromASecondToFiveMinutes()
    {
        await AddAsync(Item("1", "a"));
        var sink = new ScriptedSink("hook", _clock, _ => _clock.GetUtcNow() < Start.AddHours(1) ? ScriptedSink.Down : ScriptedSink.Delivered);

        await RunAsync(sink);

        var times = sink.Attempts.Select(a => a.At).ToList();
        var pauses = times.Zip(times.Skip(1), (first, next) => (next - first).TotalSeconds).ToList();
        for (var i = 0; i < pauses.Count; i++)
        {
            var longest = Math.Min(300, Math.Pow(2, i + 1));
            Assert.InRange(pauses[i], longest / 2, longest);
        }
    }

    [Fact]
    public async Task AReceiverThatAsksForTimeGetsIt()
    {
        await AddAsync(Item("1", "a"));
        var lane = Lane(new ScriptedSink("hook", _clock, _ => ScriptedSink.Down with { RetryAfter = TimeSpan.FromSeconds(90) }));

        Assert.Equal(TimeSpan.Zero, await lane.ServeAsync(Token));

        Assert.Equal(TimeSpan.FromSeconds(90), await lane.ServeAsync(Token));
    }

    [Fact]
    public async Task AfterAnHourOfSilenceEverythingArrivesOnceWithinFiveMinutes()
    {
        OutboxItem[] alerts = [.. Enumerable.Range(0, 60).Select(i => Item($"{i}", $"incident-{i % 20}"))];
        await AddAsync(alerts);
        var back = Start.AddHours(1);
        var sink = new ScriptedSink("hook", _clock, _ => _clock.GetUtcNow() < back ? ScriptedSink.Down : ScriptedSink.Delivered);

        await RunAsync(sink);

        Assert.Equal(alerts.Select(a => a.Id).Order(), sink.Taken.Order());
        Assert.All(alerts.GroupBy(a => a.IncidentId), incident => Assert.Equal(
            incident.Select(a => a.Id),
            sink.Attempts.Where(a => a.Result.Outcome == DeliveryOutcome.Delivered && a.Alert.IncidentId == incident.Key).Select(a => a.Alert.Id)));
        Assert.InRange(sink.Attempts.Max(a => a.At), back, back.AddMinutes(5));
        Assert.Empty(await _state.ListDeadLettersAsync(10, Token));
    }

    [Fact]
    public async Task After24HoursItIsADeadLetterWithANoticeOnTheConsole()
    {
        await AddAsync(Item("1", "a"));
        var sink = new ScriptedSink("hook", _clock, _ => ScriptedSink.Down);

        await RunAsync(sink);

        Assert.Equal(Start + TimeSpan.FromHours(24), sink.Attempts.Last().At);
        var letter = Assert.Single(await _state.ListDeadLettersAsync(10, Token));
        Assert.Equal(("1:hook", "hook did not get the alert: tried for 24 h, at last: HTTP 503"), (letter.Id, letter.Reason));
        Assert.Equal("""{"n":"1"}""", Encoding.UTF8.GetString(letter.Raw.Span));
        var notice = Assert.Single(await _state.DueAlertsAsync("console", _clock.GetUtcNow(), 10, Token));
        Assert.Contains("alert.undelivered", Encoding.UTF8.GetString(notice.Json.Span), StringComparison.Ordinal);
        Assert.Equal((1, HealthState.Degraded), (_metrics.GivenUp, _metrics.Check().State));
    }

    [Fact]
    public async Task ARefusalIsADeadLetterAtOnceAndOneNoticeAnHour()
    {
        await AddAsync(Item("1", "a"), Item("2", "b"), Item("3", "b"));
        var sink = new ScriptedSink("hook", _clock, _ => new DeliveryResult(DeliveryOutcome.Rejected, "disabled: 410"));

        await RunAsync(sink);

        Assert.Equal(3, sink.Attempts.Count);
        Assert.Equal(Start, _clock.GetUtcNow());
        Assert.Equal(3, (await _state.ListDeadLettersAsync(10, Token)).Count);
        Assert.Single(await _state.DueAlertsAsync("console", _clock.GetUtcNow(), 10, Token));
    }

    [Fact]
    public async Task AConsoleThatRefusesMakesNoNoticeAboutItself()
    {
        await AddAsync(Item("1", "a") with { Sink = "console" });

        await RunAsync(new ScriptedSink("console", _clock, _ => new DeliveryResult(DeliveryOutcome.Rejected, "no")));

        Assert.Single(await _state.ListDeadLettersAsync(10, Token));
        Assert.Empty(await _state.WaitingSinksAsync(Token));
    }

    [Fact]
    public async Task ACrashAfterTheDeliveryDeliversAgainUnderTheSameId()
    {
        await AddAsync(Item("1", "a"), Item("2", "a"));
        var crashing = new CrashingStateStore(_state) { Crashes = 1 };
        var sink = new ScriptedSink("hook", _clock, _ => ScriptedSink.Delivered);

        await Assert.ThrowsAsync<IOException>(() => Lane(sink, crashing).ServeAsync(Token));
        await RunAsync(sink);

        Assert.Equal(["1", "1", "2"], sink.Taken);
        Assert.Equal(["""{"n":"1"}""", """{"n":"1"}"""], sink.Attempts.Take(2).Select(a => Encoding.UTF8.GetString(a.Alert.Json.Span)));
    }

    [Fact]
    public async Task ASinkThatThrowsIsTriedAgain()
    {
        await AddAsync(Item("1", "a"));
        var throws = 2;
        var sink = new ScriptedSink(
            "hook", _clock, _ => throws-- > 0 ? throw new InvalidOperationException("broken") : ScriptedSink.Delivered);

        await RunAsync(sink);

        Assert.Equal(["1"], sink.Taken);
        Assert.Equal((1, 2), (_metrics.Delivered, _metrics.Failed));
        Assert.InRange(_clock.GetUtcNow() - Start, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task ASinkThatNeverReturnsIsLeftBehind()
    {
        await AddAsync(Item("1", "a"));
        var hangs = true;
        var sink = new ScriptedSink("hook", _clock, async _ =>
        {
            if (hangs)
            {
                await new TaskCompletionSource().Task;
            }

            return ScriptedSink.Delivered;
        });
        var lane = Lane(sink);

        var served = lane.ServeAsync(Token);
        _clock.Advance(SinkAttempt.Longest);
        await served;
        hangs = false;
        await RunAsync(sink);

        Assert.Equal(["1"], sink.Taken);
        Assert.Equal(1, _metrics.Failed);
    }

    private static OutboxItem Item(string id, string incident) =>
        new(id, "hook", incident, Encoding.UTF8.GetBytes($$"""{"n":"{{id}}"}"""), 0);

    private Task AddAsync(params OutboxItem[] alerts) => _state.ApplyAsync(new EngineOutput(1, [], alerts), Token);

    private SinkLane Lane(IAlertSink sink, IStateStore? state = null) =>
        SomeLane.Of(sink, state ?? _state, _metrics, _clock, SomeLane.Gate(state ?? _state, _clock, _book));

    /// <summary>Serves until nothing waits, moving the clock to each moment that the lane asks for.</summary>
    private async Task RunAsync(IAlertSink sink)
    {
        var lane = Lane(sink);
        while (await lane.ServeAsync(Token) is { } pause)
        {
            if (pause > TimeSpan.Zero)
            {
                _clock.Advance(pause);
            }
        }
    }
}
