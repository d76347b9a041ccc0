using Culprit.Engine.Detection;
using Culprit.Engine.Detection.Silence;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class SilenceDetectorTests
{
    private readonly SomeTraffic _traffic = new(23);

    /// <summary>Records per 5 s before and after ten minutes, of one of three services.</summary>
    [Theory]
    [InlineData(10, 0, 120, true)]
    [InlineData(10, 9, 120, false)]
    [InlineData(10, 0, 30, false)]      // a restart
    [InlineData(0.1, 0, 120, false)]    // it never spoke much
    [InlineData(2, 0, 300, true)]
    public void WhatIsFound(double before, double after, int seconds, bool isFound)
    {
        var found = Play(600 + seconds, (service, s) => service == 0 && s >= 600 ? after : service == 0 ? before : 10);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal(["service-0"], a.Services));
    }

    /// <summary>Seconds of silence: until records can no longer be late it may be a shipper that stalls.</summary>
    [Theory]
    [InlineData(100, false)]
    [InlineData(150, true)]
    public void AShortSilenceOnlySupports(int seconds, bool opens)
    {
        var found = Play(600 + seconds, (service, s) => service == 0 && s >= 600 ? 0 : 10);

        Assert.Contains(found, a => a.IsSupporting);
        Assert.Equal(opens, found.Exists(a => !a.IsSupporting));
    }

    [Fact]
    public void WhenAllFallSilentItIsOneFinding()
    {
        var found = Play(780, (_, s) => s < 600 ? 10 : 0);

        var anomaly = Assert.Single(found);
        Assert.Empty(anomaly.Services);
        Assert.Contains("shipped", anomaly.Observed, StringComparison.Ordinal);
    }

    [Fact]
    public void TheEndOfAllFilesIsNoSilence()
    {
        var options = new DetectorOptions { Silence = new SilenceOptions { ReportAll = false } };

        Assert.Empty(Play(780, (_, s) => s < 600 ? 10 : 0, options));
    }

    [Fact]
    public void LessTrafficForAllIsNoSilence() =>
        Assert.Empty(Play(900, (service, s) => s < 600 ? 10 : service == 0 ? 0.5 : 1));

    [Fact]
    public void ABatchJobThatRestsIsNoSilence() =>
        Assert.Empty(Play(3000, (service, s) => service > 0 ? 10 : s % 600 < 60 ? 50 : 0));

    private List<Anomaly> Play(int seconds, Func<int, int, double> rate, DetectorOptions? options = null)
    {
        var set = new DetectorSet("production", options ?? new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < seconds; s += 5)
        {
            for (var service = 0; service < 3; service++)
            {
                if (_traffic.Poisson(rate(service, s)) is var count and > 0)
                {
                    set.Observe(SomeTraffic.Digest(s, $"service-{service}", count, 0));
                }
            }

            found.AddRange(set.Judge(Some.At(s + 2)).Where(a => a.Detector == SilenceDetector.Name));
            set.Settle((_, _) => { });
        }

        return found;
    }
}
