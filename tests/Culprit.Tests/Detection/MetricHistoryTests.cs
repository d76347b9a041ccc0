using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Detection;

public sealed class MetricHistoryTests
{
    [Theory]
    [InlineData("requests_total", "5,10")]
    [InlineData("requests_total{instance=a}", "5,10")]
    [InlineData("requests", "100,150,250,50")]
    public void OfACounterTheStepsPerSecondAreKept(string metric, string expected)
    {
        var history = new MetricHistory { Service = "api", Metric = metric };

        var at = 0L;
        foreach (var value in new double[] { 100, 150, 250, 50 })
        {
            history.Add(at += 10 * UnixNanos.PerSecond, value); // The last one is a restart.
        }

        Assert.Equal(expected, string.Join(',', history.Points.Select(p => p.Value)));
    }

    [Theory]
    [InlineData("heap.used{route=/errors}", "heap.used", "Resource")]
    [InlineData("orders{state=failed}", "orders", "Other")]
    [InlineData("orders.failed", "orders.failed", "Failure")]
    public void TheSeriesSaysNothingOfWhatIsMeasured(string metric, string family, string kind)
    {
        Assert.Equal(family, MetricName.Family(metric));
        Assert.Equal(kind, MetricKinds.Of(metric).ToString());
    }
}
