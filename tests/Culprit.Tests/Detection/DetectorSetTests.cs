using System.Text.Json;
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

    /// <summary>A clock that ticks once in so many seconds, records that are there long before their second is judged, and a restart every so many seconds change no verdict.</summary>
    [Theory]
    [InlineData(3, 0, 1000)]
    [InlineData(7, 0, 1000)]
    [InlineData(1, 1, 1000)]
    [InlineData(1, 20, 1000)]
    [InlineData(1, 0, 7)]
    [InlineData(1, 20, 7)]
    public void WhenItIsToldAndJudgedChangesNoVerdict(int tickSeconds, int aheadSeconds, int restartSeconds)
    {
        var expected = Play(1, 0, 1000);

        Assert.Contains(expected, a => a.Detector == "error-spike");
        Assert.Contains(expected, a => a.Detector == "latency-shift");
        Assert.Contains(expected, a => UnixNanos.From(a.DetectedAt) / UnixNanos.PerSecond % Steps.Seconds != 0);
        Assert.Equal(expected.Select(a => (a.Id, a.DetectedAt, a.Observed)), Play(tickSeconds, aheadSeconds, restartSeconds).Select(a => (a.Id, a.DetectedAt, a.Observed)));

        static List<Anomaly> Play(int tickSeconds, int aheadSeconds, int restartSeconds)
        {
            var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
            var traffic = new SomeTraffic(11);
            var found = new List<Anomaly>();
            for (var second = 0; second < 900 + aheadSeconds; second++)
            {
                var isFault = second >= 843;
                set.Observe(SomeTraffic.Digest(second, "shop", 5, isFault && second % 3 == 0 ? 1 : 0));
                var span = new SpanFields { DurationNanos = traffic.Nanos(isFault && second % 2 == 0 ? 400 : 40) };
                set.Observe("cart", "GET /carts", Some.At(second), span, (ulong)second + 1);
                if (second % tickSeconds == 0)
                {
                    found.AddRange(set.Judge(Some.At(second - aheadSeconds)));
                    set.Settle((_, _) => { });
                }

                if (second % restartSeconds == restartSeconds - 1)
                {
                    var state = JsonSerializer.Deserialize<DetectorSetState>(JsonSerializer.Serialize(set.ToState()))!;
                    set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
                    set.Restore(state);
                }
            }

            return found;
        }
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
