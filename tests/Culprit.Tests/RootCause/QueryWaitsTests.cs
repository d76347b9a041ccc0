using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class QueryWaitsTests
{
    [Fact]
    public void ASlowQueryIsTheDatabasesWhichSendsNoSpans()
    {
        var report = Rank(Shop(), Waits("orders", 30));

        Assert.Equal((CauseKind.Dependency, "orders-db"), (report.Hypotheses[0].Kind, report.Hypotheses[0].Service));
        Assert.StartsWith("orders-db answers slowly: 30 of 30 times orders waited", report.RootCause, StringComparison.Ordinal);
        Assert.DoesNotContain(report.Hypotheses.Skip(1), h => h.Service == "orders");
    }

    [Theory]
    [InlineData("None")]    // its own work
    [InlineData("Cache")]   // it is not known to ask one
    public void WhatNoKnownResourceAnswersStaysWithTheService(string asks)
    {
        var report = Rank(Shop(), Waits("orders", 30) with { WaitsFor = Enum.Parse<ResourceClass>(asks) });

        Assert.Equal("orders", report.Hypotheses[0].Service);
    }

    [Fact]
    public void AServiceThatWasJustDeployedMayAskForMore()
    {
        var report = Rank(Shop().Change("v2", "orders", -300), Waits("orders", 30));

        Assert.Equal("orders", report.Hypotheses[0].Service);
    }

    [Fact]
    public void OfTwoDatabasesTheOneThatAllSlowCallersAskIsBlamedWhateverWasDeployed()
    {
        var shop = Shop().Depends("orders", "archive-db").Depends("stock", "orders-db").Logs("stock", 400).Change("v2", "orders", -300);

        var report = Rank(shop, Waits("orders", 30), Waits("stock", 20));

        Assert.Equal("orders-db", report.Hypotheses[0].Service);
        Assert.DoesNotContain(report.Hypotheses, h => h.Service is "archive-db" or "orders" or "stock");
    }

    private static SomeDossier Shop() => new SomeDossier().WithBaseline(60).Logs("web", 500).Logs("orders", 500).Depends("web", "orders").Depends("orders", "orders-db");

    private static TraceFinding Waits(string service, int times) => new(
        service, TraceFindingKind.Self, 15, $"{times} of {times} times {service} waited more than 20 ms for \"SELECT orders\", before 1 of 500 times")
    {
        WaitsFor = ResourceClass.Database,
    };

    private static RootCauseReport Rank(SomeDossier shop, params TraceFinding[] findings) =>
        new RootCauseRanker(RunbookLibrary.Empty).Rank(shop.Build() with { Traces = findings, TracesSeen = 100 });
}
