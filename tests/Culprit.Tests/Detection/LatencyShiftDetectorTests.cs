using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class LatencyShiftDetectorTests
{
    /// <summary>Minutes of history, calls a second, then how many times as long for which share of calls: is it found?</summary>
    [Theory]
    [InlineData(5, 5, 1, 1, false)]
    [InlineData(5, 5, 3, 1, true)]
    [InlineData(5, 5, 1.15, 1, false)]     // a little slower matters to nobody
    [InlineData(5, 5, 20, 0.4, true)]      // two of five calls are very slow
    [InlineData(5, 5, 20, 0.01, false)]    // one in a hundred
    [InlineData(1, 3, 5, 1, true)]          // a minute of history is enough for what is strong
    [InlineData(10, 0.3, 10, 1, true)]      // eighteen calls a minute
    public void WhatIsFound(double minutes, double rate, double factor, double share, bool isFound)
    {
        var found = Play(minutes * 60, 120, rate, traffic => traffic.Next() < share ? factor : 1, seed: 7);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal(AnomalyType.LatencySpike, a.Type));
    }

    [Fact]
    public void ADifferentMixOfFastAndSlowOperationsIsNoShift()
    {
        var traffic = new SomeTraffic(9);
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < 700; s++)
        {
            var slowShare = s < 500 ? 0.1 : 0.9;
            for (var i = 0; i < 5; i++)
            {
                var isSlow = traffic.Next() < slowShare;
                Span(set, s, isSlow ? "report" : "ping", traffic.Nanos(isSlow ? 400 : 4), (ulong)((s * 10) + i + 1));
            }

            found.AddRange(set.Judge(Some.At(s)));
            set.Settle((_, _) => { });
        }

        Assert.Empty(found);
    }

    [Fact]
    public void RepetitionsWithinOneRequestCountOnce()
    {
        var traffic = new SomeTraffic(2);
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < 620; s++)
        {
            Span(set, s, "query", traffic.Nanos(20), (ulong)s + 1);
            for (var i = 0; s is 600 or 605 && i < 300; i++)
            {
                Span(set, s, "query", traffic.Nanos(900), 99_999);
            }

            found.AddRange(set.Judge(Some.At(s)));
            set.Settle((_, _) => { });
        }

        Assert.Empty(found);
    }

    [Fact]
    public void OperationsTooShortToMatterAreNotReported()
    {
        var found = Play(300, 120, 5, _ => 3, seed: 5, medianMilliseconds: 0.3);

        Assert.Empty(found);
    }

    /// <summary>For some time after a burst the longer windows still hold it.</summary>
    [Fact]
    public void ABurstThatIsOverExplainsWhatItSlowed()
    {
        var traffic = new SomeTraffic(12);
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        ulong trace = 0;
        for (var s = 0; s < 1400; s++)
        {
            var isBurst = s is >= 900 and < 960;
            for (var i = traffic.Poisson(isBurst ? 20 : 5); i > 0; i--)
            {
                Span(set, s, "GET /orders", traffic.Nanos(isBurst ? 120 : 40), ++trace);
            }

            found.AddRange(set.Judge(Some.At(s)));
            set.Settle((_, _) => { });
        }

        Assert.Empty(found);
    }

    [Theory]
    [InlineData(12, false)]     // after a start everything warms up
    [InlineData(40, true)]
    public void WithoutHistoryNothingIsSlow(double seconds, bool isFound) =>
        Assert.Equal(isFound, Play(seconds, 25, 20, _ => 10, seed: 4).Count > 0);

    [Fact]
    public void ScalingAllDurationsChangesNoVerdict()
    {
        var small = Play(300, 60, 5, _ => 2.5, seed: 6, medianMilliseconds: 50);
        var smaller = Play(300, 60, 5, _ => 2.5, seed: 6, medianMilliseconds: 50 / Math.Pow(1.2, 8)); // A whole number of bins.

        Assert.Equal(small.Select(a => a.DetectedAt), smaller.Select(a => a.DetectedAt));
    }

    /// <summary>Requests are slow within a minute: eight, one after the other, or three at once as when memory is collected.</summary>
    [Theory]
    [InlineData(7, true)]
    [InlineData(1, false)]
    public void SlowOnesThatComeOneByOneNeedNotBeAsMany(int everySeconds, bool isFound)
    {
        var traffic = new SomeTraffic(8);
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < 960; s++)
        {
            if (s % 2 == 0)
            {
                var isSlow = s >= 900 && (s - 900) / everySeconds < 8 && (everySeconds == 1 ? s < 905 : (s - 900) % everySeconds < 2);
                Span(set, s, "GET /orders", isSlow ? 500e6 : traffic.Nanos(20), (ulong)s + 1);
            }

            found.AddRange(set.Judge(Some.At(s)));
            set.Settle((_, _) => { });
        }

        Assert.Equal(isFound, found.Count > 0);
    }

    [Fact]
    public void WhatIsSlowInTwoStepsIsToldAtTheirEnd()
    {
        var found = Play(900, 60, 2, _ => 2.5, seed: 7);

        Assert.Equal(Some.At(910), UnixNanos.From(found[0].DetectedAt));
    }

    /// <summary>Of two requests a second one in twenty was slow for half an hour, each by itself or several at a time; then so many within ten seconds are.</summary>
    [Fact]
    public void WhereSlowOnesNeverCameTogetherFewerAreNews()
    {
        var apart = FewestToTell(together: 1);
        var together = FewestToTell(together: 4);

        Assert.InRange(apart, 4, 12);
        Assert.InRange(together, apart + 2, 20);

        static int FewestToTell(int together) => Enumerable.Range(3, 18).Where(slow => Told(together, slow)).DefaultIfEmpty(int.MaxValue).First();

        static bool Told(int together, int slow)
        {
            var traffic = new SomeTraffic(10);
            var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
            var found = new List<Anomaly>();
            for (var n = 0; n < 2 * 1860; n++)
            {
                var isSlow = n < 3600 ? n % (20 * together) < together : n - 3600 < slow;
                Span(set, n / 2, "GET /orders", (isSlow ? 10 : 1) * traffic.Nanos(20), (ulong)n + 1);
                found.AddRange(n % 2 == 0 ? [] : set.Judge(Some.At(n / 2)));
                set.Settle((_, _) => { });
            }

            return found.Exists(a => UnixNanos.From(a.DetectedAt) > Some.At(1800));
        }
    }

    /// <summary>One call in nine was four times as slow as the others; how many in a row must be to tell, as slow as those and slower than any?</summary>
    [Fact]
    public void WhatIsSlowerThanAnyBeforeNeedsFewer()
    {
        var known = FewestToTell(factor: 4);
        var unknown = FewestToTell(factor: 40);

        Assert.InRange(unknown, 3, 5);
        Assert.InRange(known, unknown + 2, 20);

        static int FewestToTell(double factor) => Enumerable.Range(3, 18).Where(slow => Told(factor, slow)).DefaultIfEmpty(int.MaxValue).First();

        static bool Told(double factor, int slow)
        {
            var traffic = new SomeTraffic(12);
            var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
            var found = new List<Anomaly>();
            for (var s = 0; s < 2800; s++)
            {
                var isSlow = s < 2700 ? s % 36 == 0 : s < 2700 + (4 * slow);
                if (s % 4 == 0)
                {
                    Span(set, s, "GET /orders", traffic.Nanos(20) * (!isSlow ? 1 : s < 2700 ? 4 : factor), (ulong)s + 1);
                }

                found.AddRange(set.Judge(Some.At(s)));
                set.Settle((_, _) => { });
            }

            return found.Count > 0;
        }
    }

    /// <summary>Each of six operations is called too seldom to tell; of all together a few slow ones are news, unless they used to be slow together.</summary>
    [Fact]
    public void OperationsThatWereNeverSlowTogetherTellSoonerTogether()
    {
        var apart = Delay(together: false);
        var together = Delay(together: true);

        Assert.InRange(apart, 1, together - 1);

        static double Delay(bool together)
        {
            var traffic = new SomeTraffic(13);
            var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
            for (var s = 0; s < 2790; s++)
            {
                for (var operation = 0; s % 4 == 0 && operation < 6; operation++)
                {
                    var isSlow = s >= 2700 ? s / 4 % 2 == 0 : together ? s / 4 % 20 == 0 : (s / 4) + (3 * operation) % 20 == 0;
                    Span(set, s, $"GET /{operation}", traffic.Nanos(20) * (isSlow ? 4 : 1), (ulong)((s * 10) + operation + 1));
                }

                if (set.Judge(Some.At(s)).FirstOrDefault(a => UnixNanos.From(a.DetectedAt) > Some.At(2700)) is { } first)
                {
                    return (UnixNanos.From(first.DetectedAt) - Some.At(2700)) / 1e9;
                }

                set.Settle((_, _) => { });
            }

            return double.MaxValue;
        }
    }

    /// <summary>How many times as much is asked for, and how many times as long it takes.</summary>
    [Theory]
    [InlineData(2, 2, false)]      // the busier, the slower
    [InlineData(1, 2.5, true)]
    [InlineData(2, 3.5, false)]    // and half busy, even more so
    [InlineData(2, 12, true)]      // more than the load explains
    [InlineData(0.5, 2.5, true)]   // less load explains nothing
    public void WhatMoreLoadExplainsIsNoShift(double load, double factor, bool isFound) =>
        Assert.Equal(isFound, Play(900, 120, 5, _ => factor, seed: 3, load: load).Count > 0);

    private static List<Anomaly> Play(
        double quiet, double fault, double rate, Func<SomeTraffic, double> factor, ulong seed, double medianMilliseconds = 40, double load = 1)
    {
        var traffic = new SomeTraffic(seed);
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        ulong trace = 0;
        for (var s = 0; s < quiet + fault; s++)
        {
            for (var i = traffic.Poisson(s < quiet ? rate : load * rate); i > 0; i--)
            {
                Span(set, s, "GET /orders", traffic.Nanos(medianMilliseconds) * (s < quiet ? 1 : factor(traffic)), ++trace);
            }

            found.AddRange(set.Judge(Some.At(s)));
            set.Settle((_, _) => { });
        }

        return found;
    }

    private static void Span(DetectorSet set, double second, string operation, double nanos, ulong trace) =>
        set.Observe("shop", operation, Some.At(second), new SpanFields { DurationNanos = nanos }, trace);
}
