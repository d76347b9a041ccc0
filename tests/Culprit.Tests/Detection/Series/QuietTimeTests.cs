using Culprit.Engine.Detection.Series;

namespace Culprit.Tests.Detection.Series;

public class QuietTimeTests
{
    [Fact]
    public void ABaselineIsAllThatWasObservedBeforeTheWindow()
    {
        var quiet = new QuietTime { Since = 24 };

        var (steps, minutes) = quiet.Before(24 + 100).LengthSince(24);

        Assert.Equal(100, steps + (minutes * Steps.PerMinute));
    }

    [Fact]
    public void IncidentsAreNoBaseline()
    {
        var quiet = new QuietTime { Since = 0 };
        quiet.Exclude(60, 90);
        quiet.Exclude(60, 100);

        var (steps, _) = quiet.Before(110).LengthSince(0);

        Assert.Equal(110 - 40, steps);
        Assert.True(quiet.IsExcluded(99));
        Assert.False(quiet.IsExcluded(100));
    }

    [Fact]
    public void WhatLastsBecomesUsual()
    {
        var quiet = new QuietTime { Since = 0 };
        quiet.Exclude(10, 10_000);

        Assert.False(quiet.IsExcluded(11 + QuietTime.MaxExcluded));
    }

    [Fact]
    public void CountsOfIncidentsAreNotUsual()
    {
        var quiet = new QuietTime { Since = 0 };
        var counts = new CountSeries();
        for (var step = 0; step < 400; step++)
        {
            counts.Add(step, step is >= 100 and < 130 ? 50 : 1);
        }

        quiet.Exclude(100, 130);
        var usual = counts.UsualIn(quiet.Before(390), 0, 1);

        Assert.Equal(1, usual.PerStep, 0.001);
        Assert.InRange(usual.Dispersion, 1, 1.2);
    }

    [Fact]
    public void OrderOfCountingDoesNotMatter()
    {
        var sorted = new CountSeries();
        var mixed = new CountSeries();
        foreach (var step in Enumerable.Range(0, 100))
        {
            sorted.Add(step, step % 7);
            mixed.Add((step * 37) % 100, ((step * 37) % 100) % 7);
        }

        Assert.Equal(sorted.ByStep, mixed.ByStep);
        Assert.Equal(sorted.ByMinute, mixed.ByMinute);
    }
}
