using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Surge;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class SurgeDetectorTests
{
    private const int Begin = 3600;

    private readonly SomeTraffic _traffic = new(41);

    /// <summary>Records per 5 s of one of three services before and after an hour, and of the others; is it found?</summary>
    [Theory]
    [InlineData(1, 40, 10, true)]
    [InlineData(1, 5, 10, false)]       // five times as much
    [InlineData(0.1, 2, 10, false)]     // twenty times as much of nearly nothing
    [InlineData(1, 40, 400, false)]     // all do forty times as much
    public void WhatIsFound(double before, double after, double others, bool isFound)
    {
        var found = Play((service, s) => service == 0 ? (s < Begin ? before : after) : s < Begin ? 10 : others);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal(["service-0"], a.Services));
    }

    [Fact]
    public void ABurstOfSecondsIsNone() => Assert.Empty(Play((service, s) => service > 0 ? 10 : s is >= Begin and < Begin + 25 ? 100 : 2));

    [Fact]
    public void AJobThatRunsNowAndThenIsNone() => Assert.Empty(Play((service, s) => service > 0 ? 10 : s % 1800 is >= 600 and < 720 ? 40 : 0.1));

    [Fact]
    public void ItIsToldOnceAndInEveryOrderTheSame()
    {
        double Rate(int service, int s) => service > 0 ? 10 : s < Begin ? 1 : 40;

        var found = Assert.Single(Play(Rate));
        var shuffled = Assert.Single(new SurgeDetectorTests().Play(Rate, isReversed: true));

        Assert.Equal((found.Id, found.Observed), (shuffled.Id, shuffled.Observed));
    }

    private List<Anomaly> Play(Func<int, int, double> rate, bool isReversed = false)
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < Begin + 180; s += 5)
        {
            var digests = Enumerable.Range(0, 3).Select(service => (Service: service, Count: _traffic.Poisson(rate(service, s)))).Where(d => d.Count > 0).ToList();
            foreach (var (service, count) in isReversed ? digests.AsEnumerable().Reverse() : digests)
            {
                set.Observe(SomeTraffic.Digest(s, $"service-{service}", count, 0));
            }

            found.AddRange(set.Judge(Some.At(s + 2)).Where(a => a.Detector == SurgeDetector.Name));
            set.Settle((_, _) => { });
        }

        return found;
    }
}
