using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class PatternShiftDetectorTests
{
    private readonly SomeTraffic _traffic = new(31);

    /// <summary>Records per 5 s of one of two patterns, before and after ten minutes.</summary>
    [Theory]
    [InlineData(10, 0, 1, true)]         // it vanished while the other goes on
    [InlineData(10, 10, 1, false)]
    [InlineData(10, 2, 0.2, false)]      // both are less: less work
    [InlineData(1, 20, 1, true)]
    [InlineData(1, 20, 20, false)]       // both are more
    public void WhatIsFoundAndOnlySupports(double before, double after, double load, bool isFound)
    {
        var found = Play(s => s < 600 ? before : after, s => s < 600 ? 10 : 10 * load, isWarning: false);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.True(a.IsSupporting));
    }

    [Fact]
    public void WarningsThatComeUpOpenIncidents() =>
        Assert.Contains(Play(s => s < 600 ? 0.2 : 20, _ => 10, isWarning: true), a => !a.IsSupporting);

    [Fact]
    public void ABurstOfWarningsIsNoShift() =>
        Assert.DoesNotContain(Play(s => s is >= 600 and < 625 ? 60 : 0.2, _ => 10, isWarning: true), a => !a.IsSupporting);

    private List<Anomaly> Play(Func<int, double> rate, Func<int, double> other, bool isWarning)
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < 780; s += 5)
        {
            set.Observe(Digest(s, _traffic.Poisson(rate(s)), _traffic.Poisson(other(s)), isWarning));
            found.AddRange(set.Judge(Some.At(s + 2)).Where(a => a.Detector == "pattern-shift" && a.Observed.Length > 0));
            set.Settle((_, _) => { });
        }

        return [.. found.Where(a => a.Expected.Contains("0000000000000007", StringComparison.Ordinal))];
    }

    private static ServiceDigest Digest(int second, int count, int others, bool isWarning)
    {
        var at = Some.At(second);
        var sample = new RecordRef(second, $"r{second}", at, "shop", Severity.Warn, "retrying", null);
        return new ServiceDigest
        {
            Service = "shop",
            Second = at / UnixNanos.PerSecond,
            ByLevel = [0, others + (isWarning ? 0 : count), isWarning ? count : 0, 0, 0],
            Duplicates = 0,
            LastNanos = at,
            Patterns = isWarning && count > 0 ? [new PatternCount(new PatternId(7), Severity.Warn, count, at, sample)] : [],
            Quiet = isWarning || count == 0 ? [new QuietCount(new PatternId(8), others)] : [new QuietCount(new PatternId(7), count), new QuietCount(new PatternId(8), others)],
        };
    }
}
