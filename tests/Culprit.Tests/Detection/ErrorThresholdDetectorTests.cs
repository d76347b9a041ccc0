using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class ErrorThresholdDetectorTests
{
    private readonly ErrorThresholdDetector _detector = new("production", new ErrorThresholdOptions(), TimeSpan.FromMinutes(2));
    private long _sequence;

    [Fact]
    public void FiveErrorsWithinSixtySecondsFireOnce()
    {
        var found = new[] { 0.0, 15, 30, 45, 60, 61 }.Select(t => Observe(t)).ToList();

        Assert.All(found.Where((_, i) => i != 4), Assert.Null);
        Assert.Equal(5, found[4]!.ErrorCount);
        Assert.Equal(Some.Noon, found[4]!.StartedAt);
        Assert.Equal(5, found[4]!.Evidence.Count);
    }

    [Fact]
    public void FiveErrorsInMoreThanSixtySecondsDoNotFire()
    {
        var found = new[] { 0.0, 15, 30, 45, 60.001 }.Select(t => Observe(t)).ToList();

        Assert.All(found, Assert.Null);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    [InlineData(new[] { 4, 3, 2, 1, 0 })]
    [InlineData(new[] { 2, 4, 0, 3, 1 })]
    public void TheOrderOfArrivalDoesNotChangeTheAnomaly(int[] order)
    {
        var found = order.Select(i => Observe(i * 10)).OfType<Anomaly>().ToList();

        var anomaly = Assert.Single(found);
        Assert.Equal(Some.Noon, anomaly.StartedAt);
        Assert.Equal(Some.Noon.AddSeconds(40), anomaly.DetectedAt);
    }

    [Fact]
    public void OneFastClockDoesNotHideTheOthers()
    {
        Observe(100);

        var found = new[] { 0.0, 1, 2, 3, 4 }.Select(t => Observe(t)).OfType<Anomaly>();

        Assert.Single(found);
    }

    [Fact]
    public void AnOpenAnomalyAbsorbsUntilItIsQuiet()
    {
        for (var i = 0; i < 5; i++)
        {
            Observe(i);
        }

        var absorbed = Observe(30);
        for (var second = 5; second < 180; second++)
        {
            _detector.Tick(Some.At(second));
        }

        var again = Enumerable.Range(0, 5).Select(i => Observe(200 + i)).OfType<Anomaly>().ToList();

        Assert.Null(absorbed);
        Assert.Single(again);
    }

    [Fact]
    public void WithABaselineOtherDetectorsSpeak()
    {
        Learn(minutes: 12, errorsPerMinute: 20);

        var found = Enumerable.Range(0, 100).Select(i => Observe((12 * 60) + (i * 0.1), service: "noisy"));

        Assert.All(found, Assert.Null);
        Assert.False(_detector.Tick(Some.At((12 * 60) + 1)));
    }

    [Fact]
    public void TimeWithoutAnyLogsIsNoBaseline()
    {
        for (var second = 0; second < 3600; second++)
        {
            _detector.Tick(Some.At(second));
        }

        Assert.Equal(0, _detector.LearnedMinutes(Some.At(3600)));
    }

    [Fact]
    public void TheIdDependsOnContentOnly()
    {
        var other = new ErrorThresholdDetector("production", new ErrorThresholdOptions(), TimeSpan.FromMinutes(2));
        _sequence = 1000;
        var here = Enumerable.Range(0, 5).Select(i => Observe(i)).OfType<Anomaly>().Single();

        var there = Enumerable.Range(0, 5).Select(i => other.Observe(Fact(i, "user-service", 1), 0)).OfType<Anomaly>().Single();

        Assert.Equal(here.Id, there.Id);
    }

    private void Learn(int minutes, int errorsPerMinute)
    {
        // The plain threshold opens on this noise and closes when the baseline knows better.
        for (var second = 0; second < minutes * 60; second++)
        {
            if (second % (60 / errorsPerMinute) == 0)
            {
                Observe(second, service: "noisy");
            }

            _detector.Learn(Some.At(second));
            _detector.Tick(Some.At(second));
            _tick = Some.At(second);
        }
    }

    private long _tick;

    private Anomaly? Observe(double second, string service = "user-service", ulong pattern = 1) =>
        _detector.Observe(Fact(second, service, pattern), _tick);

    private ErrorFact Fact(double second, string service, ulong pattern)
    {
        var sequence = ++_sequence;
        var reference = new RecordRef(sequence, $"r{sequence}", Some.At(second), service, Severity.Error, "DB connection refused", null);
        return new ErrorFact(Some.At(second), service, new PatternId(pattern), Severity.Error, reference);
    }
}
