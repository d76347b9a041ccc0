using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Topology;

namespace Culprit.Tests.Correlation;

public class RelatednessTests
{
    private const string Calls = "web>orders web>catalog orders>ledger orders>store catalog>store clock>mailer";

    /// <summary>Services with findings of one incident, and that of a new one: do they belong together?</summary>
    [Theory]
    [InlineData("orders", "orders", 0, true)]
    [InlineData("orders", "web", 300, true)]           // who calls it
    [InlineData("web", "ledger", 300, true)]           // what it calls, over one that stays silent
    [InlineData("orders", "mailer", 0, false)]         // no call leads from one to the other
    [InlineData("orders", "stranger", 0, true)]        // nothing is known of its calls
    public void WhatCallsLeadToBelongsTogether(string incident, string service, double second, bool isRelated)
    {
        var anomalies = incident.Split(' ').Select(s => SomeAnomalies.Anomaly(s, AnomalyType.ErrorSpike, 0)).ToArray();
        var anomaly = SomeAnomalies.Anomaly(service, AnomalyType.ErrorSpike, second);

        Assert.Equal(isRelated, SomeAnomalies.Graph(Calls).Of(SomeAnomalies.Incident(anomalies), anomaly) > 0);
    }

    /// <summary>Two siblings: what the second says, of what kind it is, how much later, and whether it is the same incident.</summary>
    [Theory]
    [InlineData("latency_spike", "it took long", 30, true)]                 // both call the store, which need not speak
    [InlineData("connection_failure", "connection refused", 30, true)]
    [InlineData("error_spike", "store answered 500", 30, true)]              // says that another failed
    [InlineData("error_spike", "cannot parse the message", 30, false)]      // both fail by themselves
    public void WhoFailsByItselfIsAnotherFault(string type, string message, double second, bool isRelated)
    {
        var graph = SomeAnomalies.Graph(Calls);
        var incident = SomeAnomalies.Incident(
            SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0), SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 5, message: "orders answered 500"));
        var anomaly = SomeAnomalies.Anomaly("catalog", SomeAnomalies.Type(type), second, message: message);

        Assert.Equal(isRelated, graph.Of(incident, anomaly) > 0);
    }

    /// <summary>Where many calls are known, a service without any, that fails by itself, belongs to nobody by guess.</summary>
    [Theory]
    [InlineData(Calls, true)]
    [InlineData(Calls + " clock>reporter", false)]
    public void AStrangerBelongsToWhatFailsOnlyWhereLittleIsKnown(string calls, bool isRelated)
    {
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0));

        Assert.Equal(isRelated, SomeAnomalies.Graph(calls).Of(incident, SomeAnomalies.Anomaly("stranger", AnomalyType.ErrorSpike, 30)) > 0);
    }

    /// <summary>Who fails, what it says, who reports what of whom: one fault or two, whichever is found first?</summary>
    [Theory]
    [InlineData("orders", "cannot parse", "web", "orders answered 500", true)]
    [InlineData("mailer", "cannot parse", "web", "orders answered 500", false)]
    [InlineData("ledger", "cannot parse", "web", "orders answered 500", true)]      // orders calls it
    public void WhoReportsAFailureBelongsToIt(string failing, string said, string reporting, string reported, bool isRelated)
    {
        var graph = SomeAnomalies.Graph(Calls);
        var failure = SomeAnomalies.Anomaly(failing, AnomalyType.ErrorSpike, 0, message: said);
        var report = SomeAnomalies.Anomaly(reporting, AnomalyType.ErrorSpike, 5, message: reported);

        Assert.Equal(isRelated, graph.Of(SomeAnomalies.Incident(failure), report) > 0);
        Assert.Equal(isRelated, graph.Of(SomeAnomalies.Incident(report), failure) > 0);
    }

    /// <summary>Two callers fail for what the store answers, and neither names it: one fault, once the store is blamed.</summary>
    [Theory]
    [InlineData(null, false)]
    [InlineData("store", true)]
    [InlineData("ledger", false)]       // which the second does not call
    [InlineData("orders", false)]
    [InlineData("catalog", false)]      // of another fault, as nothing leads there from what failed
    public void WhoCallsTheSuspectBelongsToItsIncident(string? suspect, bool isRelated)
    {
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0, message: "negative amount"));
        var anomaly = SomeAnomalies.Anomaly("catalog", AnomalyType.ErrorSpike, 5, message: "price out of range");

        Assert.Equal(isRelated, SomeAnomalies.Graph(Calls).Of(incident, anomaly, suspect) > 0);
    }

    /// <summary>Failed spans name nobody; whom they are blamed on does.</summary>
    [Theory]
    [InlineData("mailer", "orders", false)]
    [InlineData("mailer", "clock", true)]       // the spans do not lead there: nothing is known
    [InlineData("mailer", null, true)]
    [InlineData("ledger", "orders", true)]      // which the suspect calls
    public void FailedSpansAreOfTheirSuspect(string service, string? suspect, bool isRelated)
    {
        var failed = SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 0, hasMessages: false);
        var incident = SomeAnomalies.Incident(failed) with { Services = ["web", "ledger", "mailer"] };

        Assert.Equal(isRelated, SomeAnomalies.Graph(Calls).Of(incident, SomeAnomalies.Anomaly(service, AnomalyType.ErrorSpike, 5), suspect) > 0);
    }

    /// <summary>A finding of somebody, or of whom it names, that the incident knows belongs to it, although something deeper fails there as well.</summary>
    [Theory]
    [InlineData("mailer", "error_spike", "cannot parse the message", true)]
    [InlineData("clock", "connection_failure", "mailer-db: pool is empty", true)]
    [InlineData("clock", "connection_failure", "mailer: connection refused", true)]      // was found itself
    [InlineData("Mailer_1", "error_spike", "cannot parse the message", true)]              // another replica of it
    [InlineData("clock", "error_spike", "cannot parse the message", false)]
    public void WhoWasFoundOrNamedBeforeStaysInIt(string service, string type, string message, bool isRelated)
    {
        var incident = SomeAnomalies.Incident(
            SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0),
            SomeAnomalies.Anomaly("mailer", AnomalyType.ConnectionFailure, 5, message: "mailer-db: pool is empty"));
        var anomaly = SomeAnomalies.Anomaly(service, SomeAnomalies.Type(type), 30, message: message);

        Assert.Equal(isRelated, SomeAnomalies.Graph(Calls + " mailer>mailer-db beat>clock").Of(incident, anomaly) > 0);
    }

    /// <summary>Somebody says that its database failed, of which no call is known yet: who calls the one that says so may be its victim.</summary>
    [Theory]
    [InlineData("web", true)]
    [InlineData("catalog", true)]
    [InlineData("beat", false)]
    public void WhoCallsTheReporterMayBeItsVictim(string failing, bool isRelated)
    {
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly(failing, AnomalyType.ErrorSpike, 0));
        var report = SomeAnomalies.Anomaly("catalog", AnomalyType.ConnectionFailure, 5, message: "catalog-db: pool is empty");

        var graph = SomeAnomalies.Graph(Calls + " clock>catalog-db beat>clock");
        Assert.Equal(isRelated, graph.Of(incident, report) > 0);
        Assert.Equal(isRelated, graph.Of(SomeAnomalies.Incident(report), SomeAnomalies.Anomaly(failing, AnomalyType.ErrorSpike, 30)) > 0);
    }

    /// <summary>A gateway reports two faults: the one that opened the incident, and another. The other service fails by itself.</summary>
    [Fact]
    public void WhatAGatewayReportsBesideItsFailuresIsNoProof()
    {
        var gateway = SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 5, message: "orders answered 500");
        gateway = gateway with { Evidence = [gateway.Evidence[0], gateway.Evidence[0] with { Text = "mailer answered 500" }] };
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0), gateway);

        Assert.Equal(0, SomeAnomalies.Graph(Calls + " web>mailer").Of(incident, SomeAnomalies.Anomaly("mailer", AnomalyType.ErrorSpike, 30)));
    }

    /// <summary>Requests that fail in both: one fault, although each fails by itself and no call between them is known; unless all calls are known.</summary>
    [Theory]
    [InlineData("t1", false, true)]
    [InlineData("t2", false, false)]
    [InlineData(null, false, false)]
    [InlineData("t1", true, false)]
    public void OneRequestThatFailsInBothBindsThem(string? trace, bool hasSpans, bool isRelated)
    {
        var incident = SomeAnomalies.Incident(Traced("orders", "t1"));
        var graph = hasSpans ? SomeAnomalies.Graph(Calls) : new Relatedness([.. Calls.Split(' ').Select(c => c.Split('>'))
            .Select(c => new ServiceEdge(c[0], c[1], EdgeSource.Message, 0.8, "a message"))]);

        Assert.Equal(isRelated, graph.Of(incident, Traced("mailer", trace)) > 0);

        static Anomaly Traced(string service, string? trace)
        {
            var anomaly = SomeAnomalies.Anomaly(service, AnomalyType.ErrorSpike, 0);
            return anomaly with { Evidence = [anomaly.Evidence[0] with { TraceId = trace }] };
        }
    }

    [Fact]
    public void CallsBindMoreThanTime()
    {
        var graph = new Relatedness([
            new ServiceEdge("web", "orders", EdgeSource.SharedTrace, 0.9, "some"), new ServiceEdge("clock", "mailer", EdgeSource.SharedTrace, 0.9, "some")]);
        var slow = SomeAnomalies.Anomaly("orders", AnomalyType.LatencySpike, 30);

        var byCalls = graph.Of(SomeAnomalies.Incident(SomeAnomalies.Anomaly("web", AnomalyType.LatencySpike, 0)), slow);
        var byTime = graph.Of(SomeAnomalies.Incident(SomeAnomalies.Anomaly("mailer", AnomalyType.LatencySpike, 0)), slow);

        Assert.InRange(byTime, 1, byCalls - 1);
    }

    /// <summary>Who takes part in the same requests, by their ids alone, gets work from them: it has none when they fail, and does not fail with them.</summary>
    [Theory]
    [InlineData("error_spike", false)]
    [InlineData("latency_spike", false)]
    [InlineData("unknown", true)]
    public void AWorkerThatGetsItsWorkFromWhatFailsIsIdle(string type, bool isRelated)
    {
        var graph = new Relatedness([
            .. Calls.Split(' ').Select(c => c.Split('>')).Select(c => new ServiceEdge(c[0], c[1], EdgeSource.Span, 0.99, "a span")),
            new ServiceEdge("orders", "mailer", EdgeSource.SharedTrace, 0.5, "some")]);
        var failing = SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 0, hasMessages: false);
        var worker = SomeAnomalies.Anomaly("mailer", SomeAnomalies.Type(type), 30, hasMessages: false);

        Assert.Equal(isRelated, graph.Of(SomeAnomalies.Incident(failing), worker) > 0);
        Assert.Equal(isRelated, graph.Of(SomeAnomalies.Incident(worker), failing) > 0);
    }

    [Fact]
    public void OfTwoFaultsInOneFindingTheLouderIsKept()
    {
        var graph = SomeAnomalies.Graph(Calls);
        var both = SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 0, message: "orders answered 500") is var first ? first with
        {
            Services = ["web", "orders", "mailer"],
            Evidence =
            [
                .. first.Evidence,
                .. SomeAnomalies.Anomaly("mailer", AnomalyType.ErrorSpike, 1).Evidence,
                .. SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 2).Evidence,
                .. SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 3).Evidence,
            ],
        } : null;

        var kept = graph.OfOneFault(both!, []);

        Assert.Equal(["web", "orders"], kept.Services);
        Assert.DoesNotContain(kept.Evidence, e => e.Service == "mailer");
        Assert.Same(both, graph.OfOneFault(both!, ["mailer"]));
    }

    /// <summary>How an edge is known, what is said, how much later: do two services with no way between them belong together?</summary>
    [Theory]
    [InlineData(EdgeSource.Span, "it took long", 30, false)]
    [InlineData(EdgeSource.SharedTrace, "it took long", 30, true)]      // a part of the calls is known: who began together belongs together
    [InlineData(EdgeSource.SharedTrace, "it took long", 300, false)]
    [InlineData(EdgeSource.Span, "orders gave no answer", 300, true)]   // it says so itself
    [InlineData(EdgeSource.Span, "orders-db gave no answer", 300, false)]
    public void WhereCallsAreKnownInPartTimeDecides(object source, string message, double second, bool isRelated)
    {
        var graph = new Relatedness([
            new ServiceEdge("web", "orders", (EdgeSource)source, 0.9, "some"), new ServiceEdge("clock", "mailer", (EdgeSource)source, 0.9, "some")]);
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("orders", AnomalyType.LatencySpike, 0));

        Assert.Equal(isRelated, graph.Of(incident, SomeAnomalies.Anomaly("mailer", AnomalyType.LatencySpike, second, message: message)) > 0);
    }

    [Fact]
    public void AGuessDoesNotSayWhoCallsWhomWhereBetterIsKnown()
    {
        var graph = new Relatedness([
            new ServiceEdge("web", "orders", EdgeSource.Span, 0.99, "spans"),
            new ServiceEdge("orders", "cart", EdgeSource.SharedTrace, 0.5, "shared traces"),
        ]);

        Assert.Equal(["cart", "orders"], graph.Deepest(["web", "orders", "cart"]).Order());
    }
}
