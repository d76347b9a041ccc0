using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Decline;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class DeclineDetectorTests
{
    private const int Begin = 3600;

    private readonly SomeTraffic _traffic = new(57);

    /// <summary>Records per 5 s of one of four services before and after an hour, and of the others; is it found within six minutes?</summary>
    [Theory]
    [InlineData(3, 1.2, 10, true)]
    [InlineData(3, 2.5, 10, false)]     // little less
    [InlineData(0.1, 0.02, 10, false)]  // it never did much
    [InlineData(3, 1.2, 4, false)]      // all do as much less
    [InlineData(3, 3, 30, false)]       // the others do more, and it does what it did
    public void WhatIsFound(double before, double after, double others, bool isFound)
    {
        var found = Play((service, s) => service == 0 ? (s < Begin ? before : after) : s < Begin ? 10 : others);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal(["service-0"], a.Services));
        Assert.All(found, a => Assert.True(a.YieldsToOthers));
    }

    [Fact]
    public void AShipperThatStallsIsNone() =>
        Assert.Empty(Play((service, s) => service > 0 || s < Begin ? 10 : 0, seconds: Begin + 115));

    [Fact]
    public void WhatFadesByTheHourIsNone() =>
        Assert.Empty(Play((service, s) => service > 0 ? 10 : 10 * Math.Pow(0.5, s / 3600.0)));

    [Fact]
    public void AJobThatRestsIsNone() => Assert.Empty(Play((service, s) => service > 0 ? 10 : s % 900 < 120 ? 40 : 0));

    [Fact]
    public void WhatIsOnlyLoggedAtDebugIsNone() =>
        Assert.Empty(Play((service, s) => service > 0 || s < Begin ? 10 : 2, isDebug: true));

    [Fact]
    public void ItIsToldOnceAndInEveryOrderTheSame()
    {
        double Rate(int service, int s) => service > 0 || s < Begin ? 5 : 2;

        var found = Assert.Single(Play(Rate));
        var shuffled = Assert.Single(new DeclineDetectorTests().Play(Rate, isReversed: true));

        Assert.Equal((found.Id, found.Observed), (shuffled.Id, shuffled.Observed));
    }

    private List<Anomaly> Play(Func<int, int, double> rate, bool isReversed = false, int seconds = Begin + 360, bool isDebug = false)
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < seconds; s += 5)
        {
            var digests = Enumerable.Range(0, 4).Select(service => (Service: service, Count: _traffic.Poisson(rate(service, s)))).Where(d => d.Count > 0).ToList();
            foreach (var (service, count) in isReversed ? digests.AsEnumerable().Reverse() : digests)
            {
                var digest = SomeTraffic.Digest(s, $"service-{service}", count, 0);
                set.Observe(isDebug && service == 0 ? digest with { ByLevel = [count, 0, 0, 0, 0] } : digest);
            }

            found.AddRange(set.Judge(Some.At(s + 2)).Where(a => a.Detector == DeclineDetector.Name));
            set.Settle((_, _) => { });
        }

        return found;
    }
}
