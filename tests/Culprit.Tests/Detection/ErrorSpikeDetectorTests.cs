using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorSpike;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class ErrorSpikeDetectorTests
{
    private static readonly TimeSpan Lateness = TimeSpan.FromMinutes(2);

    /// <summary>History in minutes, usual errors a minute, then errors a minute and how long: is it found?</summary>
    [Theory]
    [InlineData(10, 2, 2, 120, false)]      // nothing changes
    [InlineData(10, 0, 1, 60, false)]       // one or two errors of a new pattern are no fault
    [InlineData(20, 0, 60, 60, true)]       // a new pattern, once a second
    [InlineData(10, 6, 120, 60, true)]      // twenty times as many
    [InlineData(20, 60, 150, 300, true)]    // two and a half times as many, for long
    [InlineData(20, 60, 66, 600, false)]    // a tenth more
    [InlineData(1, 6, 240, 60, true)]       // a minute of history is enough for what is strong
    [InlineData(0, 0, 240, 25, false)]      // nothing is unusual at the start
    public void WhatIsFound(double minutes, double usual, double errors, double seconds, bool isFound)
    {
        var found = Play(Fault(minutes, usual, errors, seconds), seed: 3);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.InRange(a.StartedAt, Some.Noon.AddMinutes(minutes).AddSeconds(-5), Some.Noon.AddMinutes(minutes).AddSeconds(seconds)));
    }

    /// <summary>A service that helps itself only warns.</summary>
    [Theory]
    [InlineData("cache unavailable: connection refused, reading from the store", true)]
    [InlineData("evicting a stale entry", false)]
    public void WarningsOfAFailureCountAsWell(string text, bool isFound)
    {
        var traffic = new SomeTraffic(4);
        var digests = Seconds(20, s =>
        {
            var digest = SomeTraffic.Digest(s, "shop", traffic.Poisson(20), 0);
            return [s < 900 || s % 4 > 0 ? digest : digest with
            {
                Patterns = [new PatternCount(new PatternId(9), Severity.Warn, 1, digest.LastNanos, new RecordRef(1, $"w{s}", digest.LastNanos, "shop", Severity.Warn, text, null))],
            }];
        });

        var found = Play(digests);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal(AnomalyType.ConnectionFailure, a.Type));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0.2)]
    public void LoadAloneIsNoSpike(double factor)
    {
        var traffic = new SomeTraffic(5);
        var digests = Seconds(20, s => [
            SomeTraffic.Digest(s, "shop", traffic.Poisson(s < 900 ? 20 : 20 * factor), traffic.Poisson(s < 900 ? 0.3 : 0.3 * factor))]);

        Assert.Empty(Play(digests));
    }

    [Fact]
    public void QuietHoursStayQuiet()
    {
        var traffic = new SomeTraffic(11);
        var digests = Seconds(120, s => s % 5 > 0 ? [] : [.. Enumerable.Range(0, 3).Select(i =>
        {
            var load = 1 + (0.5 * Math.Sin(s / 7200 * 2 * Math.PI));
            return SomeTraffic.Digest(s, $"service-{i}", traffic.Poisson(15 * load), traffic.Poisson(0.1 * load), (ulong)(s % 4) + 1);
        })]);

        Assert.Empty(Play(digests));
    }

    [Fact]
    public void OneFaultIsReportedOncePerServiceByItsNarrowestScope()
    {
        var found = Play(Fault(10, 2, 120, 120), seed: 1);

        var anomaly = Assert.Single(found);
        Assert.Equal(["shop"], anomaly.Services);
        Assert.Contains("one pattern", anomaly.Observed, StringComparison.Ordinal);
        Assert.InRange(anomaly.DetectedAt - Some.Noon.AddMinutes(10), TimeSpan.Zero, TimeSpan.FromSeconds(15));
        Assert.NotEmpty(anomaly.Evidence);
    }

    /// <summary>Seconds from one error of a new pattern to the next, and until it is found: what comes one by one is no clump.</summary>
    [Theory]
    [InlineData(12, 75)]
    [InlineData(60, 0)]
    public void ErrorsOneByOneAreFoundWithinAMinute(int every, int seconds)
    {
        var traffic = new SomeTraffic(6);
        var digests = Seconds(25, s => [
            SomeTraffic.Digest(s, "shop", traffic.Poisson(20), s >= 1200 && s % every < 1 ? 1 : 0)]);

        var found = Play(digests);

        Assert.Equal(seconds > 0, found.Count > 0);
        Assert.All(found, a => Assert.InRange(a.DetectedAt, Some.Noon.AddSeconds(1200), Some.Noon.AddSeconds(1200 + seconds)));
    }

    /// <summary>What is hardly enough is told at once when it comes in two steps of 5 s; within one it may be a hiccup, which the next look does not confirm.</summary>
    [Fact]
    public void WhatIsSpreadOverTwoStepsNeedsNoSecondLook()
    {
        var told = Enumerable.Range(4, 12).Select(n => (InOne: ToldAfter(s => s == 847 ? n : 0), InTwo: ToldAfter(s => s is 843 or 848 ? n / 2 : 0))).ToList();

        Assert.Contains(told, t => t is { InOne: -1, InTwo: 10 });

        double ToldAfter(Func<double, int> errors)
        {
            var traffic = new SomeTraffic(6);
            var found = Play(Seconds(15, s => [SomeTraffic.Digest(s, "shop", traffic.Poisson(20), s < 840 ? (s % 41 == 0 ? 1 : 0) : errors(s))]));
            return found.Count == 0 ? -1 : (found[0].DetectedAt - Some.Noon.AddSeconds(840)).TotalSeconds;
        }
    }

    /// <summary>Steps are 5 s long, but a fault that goes on is told in the second in which it shows, wherever in a step it begins.</summary>
    [Fact]
    public void WhereInAStepAFaultBeginsIsNoMatter()
    {
        var delays = Enumerable.Range(840, 5).Select(begin =>
        {
            var traffic = new SomeTraffic(6);
            var found = Play(Seconds(16, s => [SomeTraffic.Digest(s, "shop", traffic.Poisson(20), s >= begin && (s - begin) % 3 == 0 ? 1 : 0)]));
            return (found[0].DetectedAt - Some.Noon.AddSeconds(begin)).TotalSeconds;
        }).ToList();

        Assert.InRange(delays.Max() - delays.Min(), 0, 3); // One error more or less.
    }

    /// <summary>A dozen rare errors, each by itself or three in a second; then a pattern that was never seen comes so many times at once.</summary>
    [Fact]
    public void WhereErrorsNeverCameTogetherFewerOfANewOneAreNews()
    {
        var apart = FewestToTell(together: 1);
        var together = FewestToTell(together: 3);

        Assert.InRange(apart, 4, together - 1);
        Assert.InRange(together, 5, 10);

        static int FewestToTell(int together) => Enumerable.Range(3, 12).Where(n => Told(together, n)).DefaultIfEmpty(int.MaxValue).First();

        static bool Told(int together, int errors)
        {
            var traffic = new SomeTraffic(6);
            return Play(Seconds(31, s =>
            [
                s % 50 == 0 && s < 1700
                    ? SomeTraffic.Digest(s, "shop", traffic.Poisson(20), together, pattern: 100 + (ulong)(s / 50 % 12))
                    : SomeTraffic.Digest(s, "shop", traffic.Poisson(20), s >= 1803 && s < 1803 + errors ? 1 : 0),
            ])).Exists(a => a.DetectedAt > Some.Noon.AddSeconds(1800));
        }
    }

    /// <summary>A fault, and after it so many errors, 5 s apart: one makes the windows be looked at again that hold the fault, more are news of their own.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(6, 2)]
    public void WhatIsOverIsNotToldAgainButWhatIsNewIs(int after, int told)
    {
        var traffic = new SomeTraffic(6);
        var digests = Seconds(35, s => [
            SomeTraffic.Digest(s, "shop", traffic.Poisson(20), s is >= 1400 and < 1500 ? traffic.Poisson(1) : s is >= 1640 && s < 1640 + (5 * after) && s % 5 == 0 ? 1 : 0)]);

        Assert.Equal(told, Play(digests).Count);
    }

    [Fact]
    public void ShiftedInTimeItIsTheSame()
    {
        var here = Play(Fault(10, 2, 60, 120), seed: 8);
        var there = Play(Fault(10, 2, 60, 120), seed: 8, shift: 7 * 86400);

        Assert.Equal(here.Select(a => a.Observed), there.Select(a => a.Observed));
        Assert.Equal(here.Select(a => a.StartedAt.AddDays(7)), there.Select(a => a.StartedAt));
    }

    [Fact]
    public void ArrivingLateWithinTheLatenessItIsTheSameAnomaly()
    {
        var digests = Digests(Fault(10.5, 2, 90, 120), seed: 2).ToList(); // In the middle of a minute, which is what an id names.
        var late = digests.Select((d, i) => (Digest: d, At: d.Second + (i % 5 * 20))).OrderBy(d => d.At).ToList();

        var inOrder = Play(digests.Select(d => (d, d.Second)));
        var outOfOrder = Play(late.Select(d => (d.Digest, d.At)));

        Assert.Equal(inOrder.Select(a => a.Id), outOfOrder.Select(a => a.Id));
    }

    [Fact]
    public void RestoredInTheMiddleItGoesOnTheSame()
    {
        var digests = Digests(Fault(12, 2, 90, 120), seed: 4).ToList();
        var whole = Play(digests.Select(d => (d, d.Second)));

        var half = Play(digests.Select(d => (d, d.Second)), restoreEvery: 170);

        Assert.Equal(whole.Select(a => a.Id), half.Select(a => a.Id));
        Assert.Equal(whole.Select(a => a.Observed), half.Select(a => a.Observed));
    }

    private static IEnumerable<(double Second, double Errors)> Fault(double minutes, double usual, double errors, double seconds)
    {
        for (var s = 0; s < (minutes * 60) + seconds; s++)
        {
            yield return (s, (s < minutes * 60 ? usual : errors) / 60);
        }
    }

    private static IEnumerable<ServiceDigest> Digests(IEnumerable<(double Second, double Errors)> rates, ulong seed, double shift = 0)
    {
        var traffic = new SomeTraffic(seed);
        return rates.Select(r => SomeTraffic.Digest(r.Second + shift, "shop", traffic.Poisson(20), traffic.Poisson(r.Errors))).ToList();
    }

    private static IEnumerable<ServiceDigest> Seconds(int minutes, Func<double, IReadOnlyList<ServiceDigest>> at) =>
        Enumerable.Range(0, minutes * 60).SelectMany(s => at(s)).ToList();

    private static List<Anomaly> Play(IEnumerable<(double Second, double Errors)> rates, ulong seed, double shift = 0) =>
        Play(Digests(rates, seed, shift));

    private static List<Anomaly> Play(IEnumerable<ServiceDigest> digests) => Play(digests.Select(d => (d, d.Second)));

    private static List<Anomaly> Play(IEnumerable<(ServiceDigest Digest, long At)> digests, int restoreEvery = int.MaxValue)
    {
        var set = new DetectorSet("production", new DetectorOptions(), Lateness);
        var found = new List<Anomaly>();
        var last = 0L;
        var count = 0;
        foreach (var (digest, at) in digests)
        {
            for (; last > 0 && last < at; last++)
            {
                Tick(last);
            }

            last = at;
            set.Observe(digest);
            if (++count % restoreEvery == 0)
            {
                var state = System.Text.Json.JsonSerializer.Deserialize<DetectorSetState>(System.Text.Json.JsonSerializer.Serialize(set.ToState()))!;
                set = new DetectorSet("production", new DetectorOptions(), Lateness);
                set.Restore(state);
            }
        }

        for (var tail = 0; tail < 10; tail++)
        {
            Tick(last + tail);
        }

        return found;

        void Tick(long second)
        {
            found.AddRange(set.Judge(second * UnixNanos.PerSecond).Where(a => a.Detector == ErrorSpikeDetector.Name));
            set.Settle((_, _) => { });
        }
    }
}
