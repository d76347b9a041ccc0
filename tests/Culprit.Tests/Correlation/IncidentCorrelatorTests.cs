using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Correlation;

public sealed class IncidentCorrelatorTests
{
    private readonly IncidentCorrelator _correlator = new(TimeSpan.FromMinutes(5));

    /// <summary>What is wrong already, and who does less: does it stand by itself, support, or tell nothing?</summary>
    [Theory]
    [InlineData("", "worker", false)]
    [InlineData("orders", "orders", true)]      // of a service that is known to fail
    [InlineData("orders", "worker", null)]      // others do less because something fails
    [InlineData("less:orders", "worker", false)]
    public void WhoDoesLessYieldsToWhatFails(string open, string service, bool? isSupporting)
    {
        if (open.Length > 0)
        {
            var first = SomeAnomalies.Anomaly(open.Replace("less:", "", StringComparison.Ordinal), AnomalyType.ErrorSpike, 0);
            Add(first with { YieldsToOthers = open.StartsWith("less:", StringComparison.Ordinal) });
        }

        var admitted = _correlator.Admit(SomeAnomalies.Anomaly(service, AnomalyType.Unknown, 30) with { YieldsToOthers = true });

        Assert.Equal(isSupporting, admitted?.IsSupporting);
    }

    /// <summary>Two faults at once: neither is explained by what the other one did.</summary>
    [Fact]
    public void WhatBelongsToAnotherIncidentIsNoEvidence()
    {
        var graph = SomeAnomalies.Graph("web>orders web>catalog orders>ledger catalog>store clock>mailer beat>clock web>search");
        var history = new[] { "web", "orders", "mailer", "search" }.ToDictionary(s => s, s => new ServiceHistory { Service = s });

        var (orders, _) = _correlator.Add(SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0), history, graph, Some.At(5));
        _correlator.Add(SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 5, message: "orders answered 500"), history, graph, Some.At(10));
        Assert.Empty(_correlator.OfOthers(orders));
        var (mailer, arrival) = _correlator.Add(SomeAnomalies.Anomaly("mailer", AnomalyType.ErrorSpike, 10), history, graph, Some.At(15));

        Assert.Equal(Arrival.Opened, arrival);
        Assert.Equal(["mailer"], _correlator.OfOthers(orders));
        Assert.Equal(["orders", "web"], _correlator.OfOthers(mailer).Order());
        Assert.Equal(2, _correlator.Tick(Some.At(600), isPlainOpen: false).Count);
        Assert.Equal(["orders", "web"], _correlator.OfOthers(mailer).Order()); // Both ended.
    }

    /// <summary>Two callers of the store fail by themselves: its victims, once it is blamed for the first with some confidence.</summary>
    [Theory]
    [InlineData(0.5, true)]
    [InlineData(0.4, false)]
    public void OnlyASureSuspectBindsItsCallers(double confidence, bool isJoined)
    {
        var graph = SomeAnomalies.Graph("web>orders web>catalog orders>store catalog>store clock>mailer beat>clock web>search");
        var none = new Dictionary<string, ServiceHistory>();
        var (open, _) = _correlator.Add(SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 0, message: "negative amount"), none, graph, Some.At(5));
        (open.Blamed, open.Confidence) = ("store", confidence);

        var (_, arrival) = _correlator.Add(SomeAnomalies.Anomaly("catalog", AnomalyType.ErrorSpike, 5, message: "price out of range"), none, graph, Some.At(10));

        Assert.Equal(isJoined ? Arrival.Joined : Arrival.Opened, arrival);
    }

    private void Add(Anomaly anomaly) =>
        _correlator.Add(anomaly, new Dictionary<string, ServiceHistory>(), SomeAnomalies.Graph("web>orders"), Some.At(5));

    /// <summary>A detector that wants two points of a metric puts the start a minute after the first complaint.</summary>
    [Theory]
    [InlineData(540, 2, 0)]     // news: came up a minute before the start that the detector gives
    [InlineData(60, 1, 1)]      // came up long before: usual
    public void WhatCameUpShortlyBeforeTheStartBelongsToTheTrouble(double first, long count, long before)
    {
        var history = new ServiceHistory { Service = "orders" };
        history.Add(Said(0, null), Some.At(0));
        history.Add(Said(first, "token rejected"), Some.At(first));
        history.Add(Said(605, "token rejected"), Some.At(605));
        var anomaly = SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 600);

        var (open, _) = new IncidentCorrelator(TimeSpan.FromMinutes(5)).Add(
            anomaly, new Dictionary<string, ServiceHistory> { ["orders"] = history }, SomeAnomalies.Graph(""), Some.At(610));

        var service = open.Services["orders"];
        var pattern = Assert.Single(service.Patterns.Values);
        Assert.Equal((count, before), (pattern.Count, pattern.BaselineCount));
        Assert.Equal(count, service.Errors);
        Assert.Equal(before / 10.0, service.BaselineErrorsPerMinute, 3);
        Assert.Equal(Some.At(count == 2 ? first : 605), pattern.FirstNanos);
        Assert.Equal(count, pattern.Samples.Count);
    }

    private static ServiceDigest Said(double second, string? error)
    {
        var at = Some.At(second);
        var sample = new RecordRef(1, $"r-{second}", at, "orders", Severity.Error, error ?? "", null);
        return new ServiceDigest
        {
            Service = "orders",
            Second = at / UnixNanos.PerSecond,
            ByLevel = error is null ? [0, 1, 0, 0, 0] : [0, 0, 0, 1, 0],
            Duplicates = 0,
            LastNanos = at,
            Patterns = error is null ? [] : [new PatternCount(new PatternId(7), Severity.Error, 1, at, sample)],
        };
    }
}
