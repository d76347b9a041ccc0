using Culprit.Engine.Evaluation;
using Xunit;

namespace Culprit.Tests.Evaluation;

public sealed class BacktestSummaryTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public void FoundMissedAndBesideAreToldApartByTimeAndService()
    {
        var summary = new BacktestSummary(
            [Finding(10, "error-spike", "web", "i1"), Finding(40, "rule:r", "web", "i1"), Finding(3000, "error-spike", "mail", "i2")],
            [Known("found", 0, 60, "web"), Known("other service", 0, 60, "api"), Known("other time", 7200, 7260, "web")],
            TimeSpan.Zero, TimeSpan.FromSeconds(120));

        Assert.Equal(["other service", "other time"], summary.Missed.Select(m => m.Id));
        Assert.Equal("error-spike", summary.First(summary.Known[0])?.Detector);
        Assert.Equal(
            [new DetectorTally("error-spike", 2, 2, 1, 1), new DetectorTally("rule:r", 1, 1, 1, 0)],
            summary.Detectors);
    }

    [Theory]
    [InlineData(-31, false)]
    [InlineData(-30, true)]
    [InlineData(180, true)]
    [InlineData(181, false)]
    public void LeadAndTailWidenAnIncident(double at, bool isFound)
    {
        var summary = new BacktestSummary([Finding(at, "d", "web", "i1")], [Known("k", 0, 60)], TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(120));

        Assert.Equal(isFound, summary.Missed.Count == 0);
    }

    private static BacktestFinding Finding(double at, string detector, string service, string incident) =>
        new(Start.AddSeconds(at), detector, "error_spike", "prod", [service], "seen", incident);

    private static KnownIncident Known(string id, double from, double to, params string[] services) =>
        new(id, Start.AddSeconds(from), Start.AddSeconds(to), services);
}
