using Culprit.Engine.Detection;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class MetricDetectorTests
{
    private readonly SomeTraffic _noise = new(17);

    [Theory]
    [InlineData("http_server_5xx_rate", MetricKind.Failure)]
    [InlineData("LatencyP99(s)", MetricKind.Latency)]
    [InlineData("container_memory_rss_mb", MetricKind.Resource)]
    [InlineData("container_memory_limit_mb", MetricKind.Limit)]
    [InlineData("SuccessRate(%)", MetricKind.Success)]
    [InlineData("requests_per_sec", MetricKind.Other)]
    [InlineData("CpuUsageRate(%)", MetricKind.Resource)]
    [InlineData("db.pool.wait_time", MetricKind.Latency)]
    [InlineData("consumer_lag", MetricKind.Backlog)]
    [InlineData("queue_depth", MetricKind.Backlog)]
    [InlineData("queue_capacity", MetricKind.Limit)]
    public void TheNameSaysHowToJudge(string name, object kind) => Assert.Equal(kind, MetricKinds.Of(name));

    [Fact]
    public void FailuresThatRiseAreFoundAtTheSecondPoint()
    {
        var found = Play("error_ratio", 30, i => i < 60 ? 0.002 + (0.001 * _noise.Next()) : 0.2);

        var anomaly = Assert.Single(found);
        Assert.Equal(AnomalyType.ErrorSpike, anomaly.Type);
        Assert.Equal(Some.Noon.AddSeconds(61 * 30), anomaly.DetectedAt);
    }

    [Theory]
    [InlineData(1.2)]       // noise
    [InlineData(-1)]        // one wild point
    public void NoiseAndSinglePointsAreNot(double factor)
    {
        var found = Play("error_ratio", 30, i => (0.002 + (0.001 * _noise.Next())) * (i < 60 ? 1 : factor < 0 ? (i == 61 ? 100 : 1) : factor));

        Assert.Empty(found);
    }

    [Fact]
    public void SuccessThatFallsIsFound() =>
        Assert.Single(Play("success_ratio", 15, i => i < 40 ? 0.99 + (0.01 * _noise.Next()) : 0.5));

    [Fact]
    public void AResourceAloneOnlySupports() =>
        Assert.All(Play("cpu_usage", 15, i => i < 60 ? 20 + _noise.Next() : 95), a => Assert.True(a.IsSupporting));

    /// <summary>What waits usually at most, and what waits from a moment on.</summary>
    [Theory]
    [InlineData(0, 60, true)]       // nothing ever waited
    [InlineData(0, 3, false)]       // a few
    [InlineData(20, 200, true)]
    [InlineData(20, 45, false)]     // a burst of twice as many
    public void ABacklogOpensByItself(double usual, double then, bool isFound)
    {
        var found = Play("queue_depth", 30, i => i < 60 ? Math.Floor(usual * _noise.Next()) : then, points: 63);

        Assert.Equal(isFound, found.Exists(a => !a.IsSupporting));
        Assert.All(found, a => Assert.Equal(AnomalyType.LatencySpike, a.Type));
    }

    /// <summary>Growth in percent a minute, and minutes until it is found; 0 for not within ten.</summary>
    [Theory]
    [InlineData(30, 5)]
    [InlineData(12, 9)]
    [InlineData(2, 0)]
    public void MemoryThatLeavesAllBehindThatWasSeenIsALeakWithinMinutes(double percent, int minutes)
    {
        var found = Play("memory_used_mb", 30, i => (300 + (i % 20 * 2) + _noise.Next()) * (1 + (percent / 100 * Math.Max(0, i - 120) / 2)), points: 140)
            .Where(a => a.Detector == "growth").ToList();

        Assert.Equal(minutes > 0, found.Count > 0);
        Assert.All(found, a => Assert.Equal(AnomalyType.MemoryLeak, a.Type));
        Assert.All(found, a => Assert.InRange(a.DetectedAt, Some.Noon.AddMinutes(60), Some.Noon.AddMinutes(60 + minutes)));
    }

    [Fact]
    public void MemoryThatLeavesAllBehindThatWasSeenIsALeakOnlyWithHistory() =>
        Assert.DoesNotContain(Play("memory_used_mb", 30, i => 300 + (i < 20 ? 0 : 40 * (i - 20)), points: 40), a => a.Detector == "growth");

    [Fact]
    public void MemoryThatGrowsAndNeverFallsIsALeak()
    {
        var found = Play("memory_used_mb", 30, i => 300 + (2.5 * i) + (5 * _noise.Next()), points: 120).Where(a => a.Detector == "growth").ToList();

        var anomaly = Assert.Single(found);
        Assert.Equal(AnomalyType.MemoryLeak, anomaly.Type);
    }

    [Theory]
    [InlineData("saw")]
    [InlineData("flat")]
    [InlineData("restart")]
    [InlineData("warm-up")]
    public void HealthyMemoryIsNoLeak(string shape)
    {
        var found = Play("heap_used_mb", 30, i => (5 * _noise.Next()) + shape switch
        {
            "saw" => 300 + (i % 20 * 12),
            "flat" => 300,
            "restart" => 300 + (i % 240 * 0.2),
            "warm-up" => 300 + (60 * (1 - Math.Exp(-i / 6.0))),
            _ => throw new ArgumentOutOfRangeException(nameof(shape)),
        }, points: 480).Where(a => a.Detector == "growth");

        Assert.Empty(found);
    }

    [Fact]
    public void ACounterIsJudgedByItsSteps()
    {
        var total = 0.0;

        Assert.Single(Play("errors_total", 15, i => total += i < 60 ? _noise.Poisson(2) : 200));
        Assert.Empty(Play("errors_total", 15, i => total = i % 50 == 49 ? 0 : total + _noise.Poisson(2)));
    }

    private static List<Anomaly> Play(string metric, double interval, Func<int, double> value, int points = 65)
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        set.Observe(SomeTraffic.Digest(0, "shop", 10, 0));
        var found = new List<Anomaly>();
        for (var i = 0; i < points; i++)
        {
            set.Observe("shop", metric, Some.At(i * interval), value(i));
            found.AddRange(set.Judge(Some.At((i * interval) + 10)));
            set.Settle((_, _) => { });
        }

        return found;
    }
}
