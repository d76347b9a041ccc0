using Culprit.Engine.Detection.Series;

namespace Culprit.Tests.Detection.Series;

public class ClumpsTests
{
    private const double Prior = 2.5;

    /// <summary>One of ten is slow: in each of 1,000 steps with 10 durations one, none or two in turn, or nine in one step of ten.</summary>
    [Theory]
    [InlineData("1", 1, 1.1)]
    [InlineData("02", 1, 1.2)]
    [InlineData("0000000009", 3, 4)]     // of which a step counts for no more than 25
    public void TheySayHowSlowOnesCameTogether(string slow, double low, double high) =>
        Assert.InRange(Of(Enumerable.Range(0, 1000).Select(i => (10L, (long)(slow[i % slow.Length] - '0')))), low, high);

    [Fact]
    public void WithoutHistoryThePriorIsBelieved()
    {
        Assert.Equal(Prior, default(Clumps).Of(Prior));
        Assert.Equal(Prior, Of([(0, 0), (0, 0)]));
        Assert.InRange(Of([(10, 1), (10, 1)]), 1.9, Prior);
    }

    [Fact]
    public void WhatAgesIsForgottenBitByBit()
    {
        var seen = Enumerable.Range(0, 100).Aggregate(default(Clumps), (c, _) => c.Plus(SlowCell.Of(10, 1, 0.1)));

        Assert.InRange(seen.Times(0.01).Of(Prior), seen.Of(Prior) + 0.5, Prior);
    }

    private static double Of(IEnumerable<(long All, long Slow)> steps) =>
        steps.Aggregate(default(Clumps), (c, s) => c.Plus(SlowCell.Of(s.All, s.Slow, 0.1))).Of(Prior);
}
