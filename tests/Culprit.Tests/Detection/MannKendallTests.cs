using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Growth;
using Culprit.Engine.Detection.Series;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class MannKendallTests
{
    /// <summary>Chances counted out by hand: 1 of 5! orders has no fall, 5 have at most one, and so on (Mahonian numbers).</summary>
    [Theory]
    [InlineData(5, 10, 1.0 / 120)]
    [InlineData(5, 8, 5.0 / 120)]
    [InlineData(5, 6, 14.0 / 120)]
    [InlineData(10, 45, 1.0 / 3628800)]
    public void FewPointsAreCountedOut(int n, int s, double chance) =>
        Assert.InRange(Math.Abs(MannKendall.Sigma(s, n) - AlarmBudget.Quantile(chance)), 0, 1e-9);

    [Theory]
    [InlineData(40, 100)]
    [InlineData(40, 300)]
    public void ForManyPointsTheNormalDistributionIsNear(int n, int s)
    {
        var normal = (s - 1) / Math.Sqrt(n * (n - 1.0) * ((2 * n) + 5) / 18);

        Assert.InRange(MannKendall.Sigma(s, n) / normal, 0.97, 1.05);
    }

    [Fact]
    public void ScalingAndShiftingInTimeChangeNothing()
    {
        var noise = new SomeTraffic(1);
        var points = Enumerable.Range(0, 25).Select(i => new MetricPoint(i, i + (10 * noise.Next()))).ToList();

        var moved = points.ConvertAll(p => new MetricPoint(p.TimeNanos + 86_400, 7 + (1000 * p.Value)));

        Assert.Equal(MannKendall.Sigma(points), MannKendall.Sigma(moved));
    }

    [Fact]
    public void WhatFallsIsTheMirrorOfWhatRises() => Assert.Equal(-MannKendall.Sigma(20, 12), MannKendall.Sigma(-20, 12));
}
