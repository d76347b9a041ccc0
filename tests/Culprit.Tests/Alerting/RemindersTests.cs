using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Detection;
using Culprit.Server.Querying;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>Repetitions and escalations on a clock that is moved by hand.</summary>
public sealed class RemindersTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private static readonly AlertRoute Route = new()
    {
        Sinks = ["chat"],
        Repeat = TimeSpan.FromHours(1),
        Escalations = [new Escalation(TimeSpan.FromMinutes(15), ["pager"]), new Escalation(TimeSpan.FromMinutes(30), ["boss"])],
    };

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly List<string> _taken = [];
    private IncidentBook _book = new();
    private DeliveryResult _answer = ScriptedSink.Delivered;
    private int _events;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatNobodyAcknowledgesIsEscalatedAndRepeated()
    {
        await ApplyAsync("incident.opened", "alert.firing");

        await RunAsync(TimeSpan.FromMinutes(100));

        Assert.Equal(
            ["0 alert.firing>chat", "15 alert.escalated>pager", "30 alert.escalated>boss", "60 alert.repeated>chat", "75 alert.repeated>pager", "90 alert.repeated>boss"], _taken);
    }

    [Fact]
    public async Task AnAcknowledgementStopsBoth()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(20));

        await AcknowledgeAsync();
        await RunAsync(TimeSpan.FromHours(5));

        Assert.Equal(["0 alert.firing>chat", "15 alert.escalated>pager", "20 alert.acknowledged>chat", "20 alert.acknowledged>pager"], _taken);
    }

    [Fact]
    public async Task AnEndStopsBothAndEverybodyWhoWasToldHearsOfIt()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(20));

        await ApplyAsync("incident.resolved", "alert.resolved");
        await RunAsync(TimeSpan.FromHours(5));

        Assert.Equal(["0 alert.firing>chat", "15 alert.escalated>pager", "20 alert.resolved>chat", "20 alert.resolved>pager"], _taken);
    }

    [Fact]
    public async Task NewsPutsARepetitionOff()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(50));
        await ApplyAsync("alert.updated");
        await RunAsync(TimeSpan.FromMinutes(59));

        Assert.DoesNotContain(_taken, t => t.EndsWith("alert.repeated>chat", StringComparison.Ordinal));
        await RunAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("110 alert.repeated>chat", _taken);
    }

    [Fact]
    public async Task ARestartForgetsNothingAndSaysNothingTwice()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(15));
        _book = new IncidentBook();
        await new IncidentBookLoader(_state, _book).StartingAsync(Token);

        await RunAsync(TimeSpan.FromMinutes(45));

        Assert.Equal(["0 alert.firing>chat", "15 alert.escalated>pager", "30 alert.escalated>boss", "60 alert.repeated>chat"], _taken);
    }

    [Fact]
    public async Task AReceiverThatIsDownIsNotFloodedAndItsAlertIsEscalated()
    {
        _answer = ScriptedSink.Down;
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromHours(3));
        _answer = ScriptedSink.Delivered;

        await RunAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(["alert.escalated>boss", "alert.escalated>pager", "alert.firing>chat"], _taken.Select(t => t.Split(' ')[1]).Order());
    }

    [Fact]
    public async Task AReminderThatIsStillOnItsWayWhenSomebodyAcknowledgesIsDropped()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(14));
        _answer = ScriptedSink.Down;
        await RunAsync(TimeSpan.FromMinutes(2));
        await AcknowledgeAsync();
        _answer = ScriptedSink.Delivered;

        await RunAsync(TimeSpan.FromMinutes(10));

        Assert.DoesNotContain(_taken, t => t.Contains("escalated", StringComparison.Ordinal));
        Assert.Contains(await _state.FindDeliveriesAsync("i1", Token), d => d is { Type: "alert.escalated", State: DeliveryState.Dropped, Held: "acknowledged by ann" });
    }

    [Fact]
    public async Task ARouteCanLeaveEndsOut()
    {
        await ApplyAsync("incident.opened", "alert.firing");
        await RunAsync(TimeSpan.FromMinutes(1), Route with { SendResolved = false });
        await ApplyAsync("incident.resolved", "alert.resolved");
        await RunAsync(TimeSpan.FromMinutes(1), Route with { SendResolved = false });

        Assert.Equal(["0 alert.firing>chat"], _taken);
    }

    /// <summary>Lets time pass, a minute a step.</summary>
    private async Task RunAsync(TimeSpan time, AlertRoute? route = null)
    {
        var rules = Rules(route ?? Route);
        var end = _clock.GetUtcNow() + time;
        while (true)
        {
            var reminders = new AlertReminders(
                _state, _book, Post(), rules, Side(), _clock, NullLogger<AlertReminders>.Instance);
            await reminders.LookAsync(Token);
            foreach (var sink in (string[])["chat", "pager", "boss"])
            {
                await ServeAsync(sink, rules);
            }

            if (_clock.GetUtcNow() >= end)
            {
                return;
            }

            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    private async Task ServeAsync(string name, AlertRules rules)
    {
        var sink = new ScriptedSink(name, _clock, _ => _answer);
        var metrics = new AlertMetrics([]);
        using var silences = new SilenceBook(new MemorySilenceStore(), _state, new AlertSignal(), _clock);
        var lane = SomeLane.Of(sink, _state, metrics, _clock, SomeLane.Gate(_state, _clock, _book, silences, rules));
        while (await lane.ServeAsync(Token) == TimeSpan.Zero)
        {
        }

        _taken.AddRange(sink.Attempts.Where(a => a.Result.Outcome == DeliveryOutcome.Delivered)
            .Select(a => $"{(_clock.GetUtcNow() - Start).TotalMinutes} {JsonDocument.Parse(a.Alert.Json).RootElement.GetProperty("type").GetString()}>{name}"));
    }

    private async Task AcknowledgeAsync()
    {
        using var desk = new IncidentDesk(_state, _book, Post(), Side(), _clock);
        Assert.Null((await desk.ActAsync("i1", ActKind.Acknowledged, "ann", null, Token)).Problem);
    }

    private async Task ApplyAsync(params string[] types)
    {
        foreach (var type in types)
        {
            var json = SomeAlert.Event(type);
            json["id"] = $"e{_events++}";
            json["state"] = "open";
            var made = new DerivedEvent($"e{_events - 1}", type, _events, "prod", null, "i1", null, Encoding.UTF8.GetBytes(json.ToJsonString()));
            var post = Post();
            post.Stored(await _state.ApplyAsync(post.ToOutput(0, [made]), Token));
        }
    }

    private static AlertRules Rules(AlertRoute route) => new(new AlertRouter([route], ["console"]));

    private SideOutput Side() => new(_state, Post(), new EventHub(new EventJsonWriter(1)), new AlertSignal());

    private AlertPost Post() => new(Rules(Route).Router, ServiceLabels.None, _book, _clock);
}
