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
    [InlineData("orders", "catalog", 30, true)]        // both call the store, which need not speak
    [InlineData("orders", "catalog", 300, false)]      // but not so much later
    [InlineData("orders", "mailer", 0, false)]         // no call leads from one to the other
    [InlineData("orders", "stranger", 0, true)]        // nothing is known of its calls
    public void WhatCallsLeadToBelongsTogether(string incident, string service, double second, bool isRelated)
    {
        var anomalies = incident.Split(' ').Select(s => SomeAnomalies.Anomaly(s, AnomalyType.ErrorSpike, 0)).ToArray();
        var anomaly = SomeAnomalies.Anomaly(service, AnomalyType.ErrorSpike, second);

        Assert.Equal(isRelated, SomeAnomalies.Graph(Calls).Of(SomeAnomalies.Incident(anomalies), anomaly) > 0);
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
