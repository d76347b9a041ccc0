using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Detection;
using Culprit.Server.Querying;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>What people do about an incident, over a state store in memory and a clock that is moved by hand.</summary>
public sealed class IncidentDeskTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly MemoryStateStore _state = new();
    private readonly IncidentBook _book = new();
    private readonly EventHub _hub = new(new EventJsonWriter(1));
    private readonly AlertPost _post;
    private readonly SideOutput _side;
    private readonly IncidentDesk _desk;
    private int _events;

    public IncidentDeskTests()
    {
        _post = new AlertPost(new AlertRouter([new AlertRoute { Sinks = ["pager"] }], ["console"]), ServiceLabels.None, _book, _clock);
        _side = new SideOutput(_state, _post, _hub, new AlertSignal());
        _desk = new IncidentDesk(_state, _book, _post, _side, _clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _desk.Dispose();

    [Fact]
    public async Task AnAcknowledgementHasAnOwnerAndReachesWhoWasTold()
    {
        await OpenAsync();
        Assert.Equal(["alert.firing"], await SendAsync());

        var (incident, problem) = await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", "mine", Token);

        Assert.Null(problem);
        Assert.Equal(("acknowledged", "ann", "mine"), (Text(incident, "state"), Text(incident, "acknowledged_by"), Text(incident, "comment")));
        Assert.Equal(["alert.acknowledged"], await SendAsync());
        Assert.Equal(["incident.opened", "alert.firing", "incident.acknowledged", "alert.acknowledged"], await TypesAsync());
    }

    [Fact]
    public async Task TheSamePersonTwiceIsOnceAndAnotherTakesOver()
    {
        await OpenAsync();
        await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", null, Token);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", null, Token);
        var (incident, _) = await _desk.ActAsync("i1", ActKind.Acknowledged, "bob", null, Token);

        Assert.Equal("bob", Text(incident, "acknowledged_by"));
        Assert.Equal(2, (await TypesAsync()).Count(t => t == "incident.acknowledged"));
    }

    [Fact]
    public async Task WhatTheEngineSaysLaterKeepsPeoplesWord()
    {
        await OpenAsync();
        await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", null, Token);

        await ApplyAsync(Incident("incident.updated", "open"));

        var newest = (await _state.FindAsync(new DerivedQuery { Types = ["incident.updated"] }, Token))[0].Event;
        Assert.Equal(("acknowledged", "ann"), (Text(newest.Json, "state"), Text(newest.Json, "acknowledged_by")));
    }

    [Fact]
    public async Task AReturnIsNobodysYet()
    {
        await OpenAsync();
        await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", null, Token);
        await ApplyAsync(Incident("incident.resolved", "resolved"));
        await ApplyAsync(Incident("incident.reopened", "open"), Incident("incident.updated", "open"));

        Assert.Null(_book.Find("i1")!.Act);
        Assert.Equal("open", Text((await _state.FindAsync(new DerivedQuery { Types = ["incident.updated"] }, Token))[0].Event.Json, "state"));
    }

    [Fact]
    public async Task WhatPeopleResolvedIsToldOnceAlsoWhenTheEngineFindsTheSame()
    {
        await OpenAsync();
        await SendAsync();

        await _desk.ActAsync("i1", ActKind.Resolved, "ann", null, Token);
        Assert.Equal(["alert.resolved"], await SendAsync());
        await ApplyAsync(Alert("alert.updated"));
        Assert.Empty(await SendAsync());
        await ApplyAsync(Incident("incident.resolved", "resolved"), Alert("alert.resolved"));

        Assert.Empty(await SendAsync());
        Assert.Equal(
            ["alert.firing Delivered ", "alert.resolved Delivered ", "alert.updated Dropped resolved by ann", "alert.resolved Dropped this sink was not told of it"],
            (await _state.FindDeliveriesAsync("i1", Token)).Select(d => $"{d.Type} {d.State} {d.Held}"));
    }

    [Fact]
    public async Task WhatGoesOnAfterPeopleResolvedItIsOpenedAgain()
    {
        await OpenAsync();
        await SendAsync();
        await _desk.ActAsync("i1", ActKind.Resolved, "ann", null, Token);
        await SendAsync();
        var reminders = Reminders();

        _clock.Advance(AlertPolicy.ResolveHold - TimeSpan.FromSeconds(1));
        await reminders.LookAsync(Token);
        Assert.Empty(await SendAsync());
        _clock.Advance(TimeSpan.FromSeconds(1));
        await reminders.LookAsync(Token);
        await reminders.LookAsync(Token);

        Assert.Equal(["alert.firing"], await SendAsync());
        var reopened = (await _state.FindAsync(new DerivedQuery { Types = ["incident.reopened"] }, Token)).Single().Event;
        Assert.Equal("open", Text(reopened.Json, "state"));
        Assert.Null(Text(reopened.Json, "resolved_by"));
    }

    [Fact]
    public async Task WhatEndedMeanwhileIsNotOpenedAgain()
    {
        await OpenAsync();
        await _desk.ActAsync("i1", ActKind.Resolved, "ann", null, Token);
        await ApplyAsync(Incident("incident.resolved", "resolved"));

        _clock.Advance(AlertPolicy.ResolveHold);
        await Reminders().LookAsync(Token);

        Assert.DoesNotContain("incident.reopened", await TypesAsync());
    }

    [Fact]
    public async Task WhatIsOverOrUnknownCannotBeAnswered()
    {
        await OpenAsync();
        await _desk.ActAsync("i1", ActKind.Resolved, "ann", null, Token);

        var again = await _desk.ActAsync("i1", ActKind.Acknowledged, "bob", null, Token);
        await ApplyAsync(Incident("incident.resolved", "resolved"));
        var ended = await _desk.ActAsync("i1", ActKind.Acknowledged, "bob", null, Token);
        var unknown = await _desk.ActAsync("i2", ActKind.Resolved, "bob", null, Token);

        Assert.Equal((409, "The incident 'i1' is not open: ann has resolved it."), (again.Problem!.Status, again.Problem.Detail));
        Assert.Equal((409, "The incident 'i1' is not open: it has ended."), (ended.Problem!.Status, ended.Problem.Detail));
        Assert.Equal(404, unknown.Problem!.Status);
    }

    [Fact]
    public async Task ARestartKnowsWhatIsOpenAndWhoseItIs()
    {
        await OpenAsync();
        await ApplyAsync(Incident("incident.opened", "open", "i2"), Incident("incident.resolved", "resolved", "i2"));
        await ApplyAsync(Incident("incident.opened", "open", "i3"));
        await _desk.ActAsync("i1", ActKind.Acknowledged, "ann", "c", Token);
        await _desk.ActAsync("i3", ActKind.Resolved, "bob", null, Token);
        var after = new IncidentBook();

        await new IncidentBookLoader(_state, after).StartingAsync(Token);

        Assert.Equal(["i1", "i3"], after.All.Select(i => i.Id).Order());
        Assert.Equal(new IncidentAct(ActKind.Acknowledged, "ann", "c", Start), after.Find("i1")!.Act);
        Assert.Equal(new IncidentAct(ActKind.Resolved, "bob", null, Start), after.Find("i3")!.Act);
        Assert.Equal("alert.firing", Text(after.Find("i1")!.AlertJson!.Value, "type"));
    }

    private AlertReminders Reminders() => new(_state, _book, _post, AlertSettings.None.ToRules(), _side, _clock, NullLogger<AlertReminders>.Instance);

    private Task OpenAsync() => ApplyAsync(Incident("incident.opened", "open"), Alert("alert.firing"));

    private async Task ApplyAsync(params DerivedEvent[] events) =>
        _post.Stored(await _state.ApplyAsync(_post.ToOutput(0, events), Token));

    /// <summary>Sends all that is due to the pager; the types of what it took.</summary>
    private async Task<List<string>> SendAsync()
    {
        var sink = new ScriptedSink("pager", _clock, _ => ScriptedSink.Delivered);
        var metrics = new AlertMetrics([]);
        var lane = SomeLane.Of(sink, _state, metrics, _clock, SomeLane.Gate(_state, _clock, _book));
        while (await lane.ServeAsync(Token) == TimeSpan.Zero)
        {
        }

        return [.. sink.Attempts.Select(a => Text(a.Alert.Json, "type")!)];
    }

    private async Task<List<string>> TypesAsync() =>
        [.. (await _state.FindAsync(new DerivedQuery { Limit = 100 }, Token)).OrderBy(r => r.Row).Select(r => r.Event.Type)];

    private DerivedEvent Incident(string type, string state, string id = "i1") =>
        Event(type, id, $$"""{"incident_id":"{{id}}","environment":"prod","state":"{{state}}","severity":"high"}""");

    private DerivedEvent Alert(string type) => Event(type, "i1", SomeAlert.Event(type).ToJsonString());

    private DerivedEvent Event(string type, string incident, string json)
    {
        var id = $"e{_events++}";
        var written = Engine.Publishing.EventJson.With(Encoding.UTF8.GetBytes(json), ("id", Engine.Publishing.EventJson.Text(id)), ("type", Engine.Publishing.EventJson.Text(type)));
        return new DerivedEvent(id, type, _events, "prod", null, incident, null, written);
    }

    private static string? Text(ReadOnlyMemory<byte> json, string name)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
    }
}
