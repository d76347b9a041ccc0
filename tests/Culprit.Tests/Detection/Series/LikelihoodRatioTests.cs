using Culprit.Engine.Detection.Series;

namespace Culprit.Tests.Detection.Series;

public class LikelihoodRatioTests
{
    [Theory]
    [InlineData(10, 100, 10, 100, -0.2, 0.2)]   // the same
    [InlineData(0, 60, 1, 10, 0.9, 2.0)]       // one event proves nothing
    [InlineData(0, 3600, 5, 10, 6, 9)]         // five out of nothing in an hour do
    [InlineData(100, 100, 20, 10, 2, 3)]       // twice the rate, few events
    [InlineData(1000, 100, 200, 10, 7, 9)]     // twice the rate, many
    [InlineData(1000, 100, 50, 10, -6, -5)]    // half of it
    public void RatesAreAsFarApartAsTheirCountsCanShow(double before, double time, double now, double timeNow, double low, double high) =>
        Assert.InRange(LikelihoodRatio.OfRates(before, time, now, timeNow), low, high);

    [Fact]
    public void ScalingTimeChangesNothing() =>
        Assert.Equal(LikelihoodRatio.OfRates(7, 100, 9, 10), LikelihoodRatio.OfRates(7, 3000, 9, 300), 9);

    [Fact]
    public void MoreEventsAreMoreEvidence()
    {
        var sigmas = Enumerable.Range(3, 50).Select(k => LikelihoodRatio.OfRates(4, 100, k, 10)).ToList();

        Assert.Equal(sigmas.Order(), sigmas);
    }

    [Theory]
    [InlineData(35, 35, 0, 35, -10, -9)]
    [InlineData(0, 7, 5, 5, 3, 4.5)]
    [InlineData(5, 100, 5, 100, 0, 0.1)]
    [InlineData(0, 0, 3, 5, 0, 1)]
    public void SharesAreAsFarApartAsTheirCountsCanShow(double before, double ofBefore, double now, double ofNow, double low, double high) =>
        Assert.InRange(LikelihoodRatio.OfShares(before, ofBefore, now, ofNow), low, high);

    [Theory]
    [InlineData(0.05, 1.645)]
    [InlineData(1e-3, 3.090)]
    [InlineData(1e-6, 4.753)]
    [InlineData(1e-9, 5.998)]
    public void QuantilesAreThoseOfTheNormalDistribution(double probability, double expected) =>
        Assert.Equal(expected, AlarmBudget.Quantile(probability), 0.001);

    [Fact]
    public void MoreTestsAndMoreHistoryNeedMoreEvidence()
    {
        Assert.True(AlarmBudget.Sigma(100, 1000) > AlarmBudget.Sigma(100, 10));
        Assert.True(AlarmBudget.Sigma(10_000, 10) > AlarmBudget.Sigma(20, 10));
        Assert.Equal(AlarmBudget.Sigma(100_000, 10), AlarmBudget.Sigma(200_000, 10));
    }

    [Fact]
    public void TheBudgetOfADayIsWhatItSays()
    {
        // With one test, the chances of all steps of a day add up to the daily budget and the early sum.
        var expected = Enumerable.Range(1, Steps.PerDay).Sum(n => Chance(AlarmBudget.Sigma(n, 1)));

        Assert.InRange(expected, AlarmBudget.PerDay, AlarmBudget.PerDay + 0.6);
    }

    // Upper tail of the normal distribution: Abramowitz and Stegun, 7.1.26.
    private static double Chance(double sigma)
    {
        var x = sigma / Math.Sqrt(2);
        var t = 1 / (1 + (0.3275911 * x));
        var poly = t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429))))))));
        return 0.5 * poly * Math.Exp(-x * x);
    }
}
