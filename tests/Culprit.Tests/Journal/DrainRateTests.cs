using Culprit.Server.Journal;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Journal;

/// <summary>Who is refused hears when there will be room, as far as that can be known.</summary>
public sealed class DrainRateTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void TheTimeFollowsFromHowFastItHasBeenEmptying()
    {
        var drain = new DrainRate(_clock);
        for (var level = 10_000; level >= 8_000; level -= 100)
        {
            drain.Observe(level);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(drain.TimeUntil(8_000, 6_000).TotalSeconds, 0.8 * 19, 1.2 * 23);
        Assert.InRange(drain.TimeUntil(8_000, 7_600).TotalSeconds, 0.8 * 3, 1.2 * 5);
    }

    [Fact]
    public void ItIsNeverLessThanOneSecondNorMoreThanAMinute()
    {
        var drain = new DrainRate(_clock);
        drain.Observe(1_000_000);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(60, drain.TimeUntil(999_999, 0).TotalSeconds);
        Assert.Equal(1, drain.TimeUntil(500_000, 499_999).TotalSeconds);
    }

    [Fact]
    public void WithNothingSeenToDrainItIsSomeTenSeconds()
    {
        var drain = new DrainRate(_clock);
        drain.Observe(1_000);
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.InRange(drain.TimeUntil(2_000, 500).TotalSeconds, 8, 12);
    }

    [Fact]
    public void NotEverybodyComesBackAtOnce() =>
        Assert.True(Enumerable.Range(0, 100).Select(_ => DrainRate.Jittered(10)).Distinct().Count() > 50);
}
