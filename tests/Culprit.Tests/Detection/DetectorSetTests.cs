using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Detection;

public sealed class DetectorSetTests
{
    private const double Year = 365 * 86_400;

    private readonly DetectorSet _set = new("production", new DetectorOptions(), TimeSpan.FromMinutes(2));

    /// <summary>A server that comes back after a year has a year of steps behind it: 6.3 million.</summary>
    [Fact]
    public void OfALongGapOnlyTheEndsAreJudged()
    {
        var ends = new SortedSet<long>();
        Observe(0, 600);
        Judge(600);

        _set.Judge(Some.At(600 + Year), (_, end) =>
        {
            ends.Add(end);
            return [];
        });

        Assert.InRange(ends.Count, 100, 3 * 3600 * 2 / Steps.Seconds);
        Assert.InRange(ends.Min, Some.At(590), Some.At(620));
        Assert.InRange(ends.Max, Some.At(580 + Year), Some.At(600 + Year));
    }

    [Fact]
    public void WhoFellSilentBeforeAGapIsMissed()
    {
        Observe(0, 1200);
        Judge(1200);
        for (var second = 1200; second < 1500; second++)
        {
            _set.Observe(SomeTraffic.Digest(second, "cart", 5, 0));
        }

        var found = _set.Judge(Some.At(1500 + Year));

        Assert.Contains(found, a => a.Detector == "silence" && a.Services.SequenceEqual(["shop"]));
    }

    [Fact]
    public void WhatBreaksRightAfterAGapIsFound()
    {
        Observe(0, 1200);
        Judge(1200);
        for (var second = 0; second < 60; second++)
        {
            _set.Observe(SomeTraffic.Digest(1200 + Year + second, "shop", 5, 5));
        }

        var found = _set.Judge(Some.At(1265 + Year));

        Assert.Contains(found, a => a.Detector == "error-spike" && a.DetectedAt <= UnixNanos.ToTime(Some.At(1230 + Year)));
    }

    private void Observe(int from, int to)
    {
        for (var second = from; second < to; second++)
        {
            _set.Observe(SomeTraffic.Digest(second, "shop", 5, 0));
            _set.Observe(SomeTraffic.Digest(second, "cart", 5, 0));
        }
    }

    private void Judge(int until)
    {
        for (var second = 0; second < until; second++)
        {
            Assert.Empty(_set.Judge(Some.At(second)));
        }
    }
}
