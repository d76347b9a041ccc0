using Culprit.Engine.Detection.ErrorThreshold;

namespace Culprit.Tests.Detection;

public class CountLimitTests
{
    // Quantiles of the Poisson distribution from published tables: P(X >= k) < p.
    [Theory]
    [InlineData(1.0, 1e-3, 6)]
    [InlineData(5.0, 1e-3, 14)]
    [InlineData(10.0, 1e-2, 19)]
    public void TheLimitIsTheUpperTailOfThePoissonDistribution(double lambda, double probability, long expected)
    {
        Assert.Equal(expected, CountLimit.PoissonUpper(lambda, probability));
    }

    [Fact]
    public void TheApproximationForLargeMeansMeetsTheExactSum()
    {
        var exact = CountLimit.PoissonUpper(499.9, 1e-6);
        var approximate = CountLimit.PoissonUpper(500.1, 1e-6);

        Assert.InRange(approximate, exact - 5, exact + 15);
    }

    [Fact]
    public void ClumpedErrorsRaiseTheLimit()
    {
        var even = CountLimit.For(10, 10, 30, TimeSpan.FromSeconds(60), 1e-6);
        var clumped = CountLimit.For(10, 90, 30, TimeSpan.FromSeconds(60), 1e-6);

        Assert.True(clumped > even);
    }
}
