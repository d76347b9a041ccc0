using System.Text;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.People;
using Culprit.Server.Alerting.Trying;
using Culprit.Server.Detection;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertRehearsalTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly MemorySilenceStore _silences = new();
    private readonly List<DerivedEvent> _events = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StoredIncidentsAreToldAlongTheRulesAsTheyAreNow()
    {
        Add(0, "i1", "incident.opened", "alert.firing");
        Add(90, "i1", "incident.resolved", "alert.resolved");
        Add(200, "i2", "incident.opened", "alert.firing");

        var found = await RunAsync(
            new AlertRoute { Sinks = ["chat"], Repeat = TimeSpan.FromHours(1), Escalations = [new Escalation(TimeSpan.FromMinutes(15), ["pager"])] }, hours: 4);

        Assert.Equal(
            [
                "i1 0 alert.firing>chat Delivered", "i1 15 alert.escalated>pager Delivered", "i1 60 alert.repeated>chat Delivered",
                "i1 75 alert.repeated>pager Delivered", "i1 90 alert.resolved>chat Delivered", "i1 90 alert.resolved>pager Delivered",
                "i2 200 alert.firing>chat Delivered", "i2 215 alert.escalated>pager Delivered",
            ],
            found);
    }

    [Fact]
    public async Task WhatWasSilencedThenAndWhatTheRoutesPassByIsNotTold()
    {
        var match = new AlertMatcher { Environments = ["prod"] };
        var silence = new Silence("s1", match, "ann", "deploy", Start.AddMinutes(-5), Start.AddMinutes(30), Start);
        await _silences.SaveAsync(new StoredSilence("s1", SilenceJson.Render(silence), silence.EndsAt), DateTimeOffset.MinValue, Token);
        Add(0, "i1", "incident.opened", "alert.firing");
        Add(10, "i1", "incident.resolved", "alert.resolved");
        Add(20, "i2", "incident.opened", "alert.firing");

        Assert.Equal(
            ["i1 0 alert.firing>chat Dropped silence s1 of ann: deploy", "i1 10 alert.resolved>chat Dropped this sink was not told of it", "i2 20 alert.firing>chat Delivered"],
            await RunAsync(new AlertRoute { Sinks = ["chat"] }));
        Assert.All(
            await RunAsync(new AlertRoute { Sinks = ["chat"], Match = new AlertMatcher { MinSeverity = IncidentSeverity.Critical } }),
            d => Assert.Contains(">console ", d, StringComparison.Ordinal));
    }

    private async Task<List<string>> RunAsync(AlertRoute route, int hours = 2)
    {
        var rehearsal = new AlertRehearsal(new AlertRules(new AlertRouter([route], ["console"])), ServiceLabels.None, new EngineProgress(), _silences);
        var found = await rehearsal.RunAsync(_events, Start.AddHours(hours), Token);
        return [.. found.SelectMany(f => f.Deliveries.Select(d => $"{f.IncidentId} {(d.AddedAt - Start).TotalMinutes} {d.Type}>{d.Sink} {d.State} {d.Held}".Trim()))];
    }

    private void Add(int minute, string incident, params string[] types)
    {
        foreach (var type in types)
        {
            var id = $"e{_events.Count}";
            var json = SomeAlert.Event(type);
            json["id"] = id;
            json["incident_id"] = incident;
            json["state"] = "open";
            _events.Add(new DerivedEvent(id, type, UnixNanos.From(Start.AddMinutes(minute)), "prod", null, incident, null, Encoding.UTF8.GetBytes(json.ToJsonString())));
        }
    }
}
