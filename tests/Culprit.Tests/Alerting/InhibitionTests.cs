using System.Text;
using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Storage;
using Culprit.Engine.Topology;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Detection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>web calls orders, orders calls db; mail is by itself.</summary>
public sealed class InhibitionTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private static readonly ServiceEdge[] Edges =
    [
        new("web", "orders", EdgeSource.Span, 0.9, ""), new("orders", "db", EdgeSource.Span, 0.9, ""), new("mail", "smtp", EdgeSource.Span, 0.9, ""),
    ];

    [Theory]
    [InlineData("web", true)]
    [InlineData("web,orders", true)]
    [InlineData("orders", true)]
    [InlineData("db", false)]
    [InlineData("web,db", false)]
    [InlineData("mail", false)]
    [InlineData("web,mail", false)]
    [InlineData("unknown", false)]
    [InlineData("", false)]
    public void OnlyWhatCallsTheSuspectedCauseIsASymptom(string services, bool isSymptom) =>
        Assert.Equal(isSymptom, Inhibition.CausesOf(Incident("s", services, minutes: 1), [Incident("c", "db", cause: "db")], Edges).Count == 1);

    [Theory]
    [InlineData("earlier", false)]
    [InlineData("worse", false)]
    [InlineData("other environment", false)]
    [InlineData("own cause", false)]
    [InlineData("same cause", true)]
    [InlineData("nobody blamed", false)]
    [InlineData("resolved by people", false)]
    [InlineData("acknowledged", true)]
    public void AnIncidentOfItsOwnIsNone(string what, bool isSymptom)
    {
        var cause = Incident("c", "db", cause: "db");
        var symptom = Incident("s", "web", minutes: 1);
        (cause, symptom) = what switch
        {
            "earlier" => (cause, Incident("s", "web", minutes: -1)),
            "worse" => (cause, Incident("s", "web", minutes: 1, severity: IncidentSeverity.Critical)),
            "other environment" => (cause with { Environment = "stage" }, symptom),
            "own cause" => (cause, symptom with { SuspectedCause = "mail" }),
            "same cause" => (cause, symptom with { SuspectedCause = "db" }),
            "nobody blamed" => (cause with { SuspectedCause = null }, symptom),
            "resolved by people" => (cause with { Act = new IncidentAct(ActKind.Resolved, "ann", null, Start) }, symptom),
            "acknowledged" => (cause with { Act = new IncidentAct(ActKind.Acknowledged, "ann", null, Start) }, symptom),
            _ => throw new ArgumentException(what, nameof(what)),
        };

        Assert.Equal(isSymptom, Inhibition.CausesOf(symptom, [symptom, cause], Edges).Count == 1);
    }

    [Fact]
    public void OfTwoThatBlameTheSameOneIsTold()
    {
        var (a, b) = (Incident("a", "web", cause: "db"), Incident("b", "orders", cause: "db"));

        Assert.Empty(Inhibition.CausesOf(a, [a, b], Edges));
        Assert.Equal(["a"], Inhibition.CausesOf(b, [a, b], Edges).Select(c => c.Id));
    }

    [Fact]
    public async Task ASymptomIsHeldWhileItsCauseIsOpenAndWasToldAndSentAfterwards()
    {
        var (clock, state, book) = (new FakeTimeProvider(Start), new MemoryStateStore(), new IncidentBook());
        var taken = new List<string>();
        await ApplyAsync("s", "web", 1);
        await ServeAsync(["c"]);
        Assert.Equal(["s"], taken);
        await ApplyAsync("c", "db", 0, cause: "db");
        await ApplyAsync("t", "orders", 2);
        await ServeAsync([]);
        Assert.Equal(["s", "c"], taken);
        Assert.Equal("a symptom of incident c, whose suspected cause is db", Assert.Single(await state.FindDeliveriesAsync("t", TestContext.Current.CancellationToken)).Held);

        clock.Advance(AlertPolicy.CauseHold);
        await ServeAsync([]);
        Assert.Equal(["s", "c"], taken);
        await StoreAsync(Event("incident.resolved", "c", "db", 0));
        clock.Advance(AlertPolicy.CauseHold);
        await ServeAsync([]);

        Assert.Equal(["s", "c", "t"], taken);

        async Task ApplyAsync(string id, string services, int minutes, string? cause = null)
        {
            await StoreAsync(Event("incident.opened", id, services, minutes));
            await StoreAsync(Event("log.root_cause", id, services, minutes) with { Service = cause });
            await StoreAsync(Event("alert.firing", id, services, minutes));
        }

        async Task StoreAsync(DerivedEvent made)
        {
            var post = new AlertPost(new AlertRouter([], ["pager"]), ServiceLabels.None, book, clock);
            post.Stored(await state.ApplyAsync(post.ToOutput(0, [made]), TestContext.Current.CancellationToken));
        }

        async Task ServeAsync(string[] refused)
        {
            var progress = new EngineProgress { Environments = [new EnvironmentOverview("prod", 0, 0, 0, [], Edges)] };
            var metrics = new AlertMetrics([]);
            var sink = new ScriptedSink("pager", clock, a => refused.Contains(a.IncidentId) ? ScriptedSink.Down : ScriptedSink.Delivered);
            var lane = SomeLane.Of(sink, state, metrics, clock, SomeLane.Gate(state, clock, book, progress: progress));
            while (await lane.ServeAsync(TestContext.Current.CancellationToken) == TimeSpan.Zero)
            {
            }

            taken.AddRange(sink.Attempts.Where(a => a.Result.Outcome == DeliveryOutcome.Delivered).Select(a => a.Alert.IncidentId));
        }
    }

    [Fact]
    public void ARouteCanTurnItOff()
    {
        var question = new AlertQuestion(SomeAlert.Firing, "pager", Start) { Deliveries = [], Causes = [Incident("c", "db", cause: "db")] };

        Assert.Equal(AlertDecision.Hold, AlertPolicy.Judge(question).Decision);
        Assert.Equal(AlertVerdict.Send, AlertPolicy.Judge(question with { Routes = [new AlertRoute { Sinks = ["pager"], Inhibit = false }] }));
    }

    private static DerivedEvent Event(string type, string incident, string services, int minutes)
    {
        var json = SomeAlert.Event(type.StartsWith("alert.", StringComparison.Ordinal) ? type : "alert.firing");
        json["id"] = $"{type}-{incident}";
        json["incident_id"] = incident;
        json["state"] = "open";
        json["services"] = new System.Text.Json.Nodes.JsonArray([.. services.Split(',').Select(s => (System.Text.Json.Nodes.JsonNode)s)]);
        json["started_at"] = Start.AddMinutes(minutes).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        return new DerivedEvent($"{type}-{incident}", type, 1, "prod", null, incident, null, Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private static KnownIncident Incident(
        string id, string services, int minutes = 0, string? cause = null, IncidentSeverity severity = IncidentSeverity.High) =>
        new(id, "prod", default)
        {
            OpenedBy = id,
            SuspectedCause = cause,
            Alert = SomeAlert.Firing with
            {
                IncidentId = id,
                Services = services.Split(',', StringSplitOptions.RemoveEmptyEntries),
                StartedAt = Start.AddMinutes(minutes),
                Severity = severity,
            },
        };
}
