using System.Globalization;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;

namespace Culprit.Tests.Correlation;

public class CascadeFinderTests
{
    private const string Calls = "web>orders orders>ledger ledger>store web>catalog";

    /// <summary>Findings as <c>service second</c>; a <c>~</c> marks one that only supports. Which services in which order, or none?</summary>
    [Theory]
    [InlineData("ledger orders web", "ledger 0", "orders 20", "web 40")]
    [InlineData("store ledger web", "store 0", "ledger 5", "web 30")]          // one between them stays silent
    [InlineData("ledger orders web", "web 2", "orders 1", "ledger 3")]         // all at once: onsets are known to 5 s
    [InlineData("", "ledger 0", "orders 20")]                                   // two are no cascade
    [InlineData("", "web 0", "orders 30", "ledger 60")]                         // the other way round
    [InlineData("", "ledger 0", "orders 20", "catalog 30")]                     // catalog calls neither
    [InlineData("", "ledger 0", "orders 20", "web 40 ~")]
    public void TroubleSpreadsAlongTheCalls(string expected, params string[] findings)
    {
        var anomalies = findings.Select(f => f.Split(' ')).Select(f => SomeAnomalies.Anomaly(
            f[0], AnomalyType.ErrorSpike, double.Parse(f[1], CultureInfo.InvariantCulture), f.Contains("~"))).ToArray();

        var cascade = CascadeFinder.Find(SomeAnomalies.Incident(anomalies), SomeAnomalies.Graph(Calls));

        Assert.Equal(expected, string.Join(' ', cascade?.Services ?? []));
        Assert.True(cascade is null or { Type: AnomalyType.CascadeFailure, IsSupporting: true });
    }

    [Fact]
    public void ItIsToldOnce()
    {
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("ledger", AnomalyType.ErrorSpike, 0),
            SomeAnomalies.Anomaly("orders", AnomalyType.ErrorSpike, 20), SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, 40));
        var graph = SomeAnomalies.Graph(Calls);

        var cascade = CascadeFinder.Find(incident, graph)!;

        Assert.Null(CascadeFinder.Find(incident with { Anomalies = [.. incident.Anomalies, cascade] }, graph));
    }
}
