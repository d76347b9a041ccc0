using Culprit.Engine.Correlation;
using Culprit.Engine.Publishing;
using Culprit.Server.Health;
using Culprit.Tests.Support;

namespace Culprit.Tests.Health;

/// <summary>When people are told that the server is unwell.</summary>
public sealed class SelfAlertBookTests
{
    private const int Hold = 60;
    private const int WellAfter = 300;

    private readonly SelfAlertBook _book = new(TimeSpan.FromSeconds(WellAfter));

    [Fact]
    public void WhatIsBadForItsHoldFiresOnceAndIsResolvedWhenItWasWellForLong()
    {
        var told = Run(0, 1000, second => second is >= 10 and < 400 ? SignLevel.Bad : SignLevel.Well);

        Assert.Equal([(10 + Hold, EventTypes.AlertFiring), (400 + WellAfter, EventTypes.AlertResolved)], told.Select(t => (t.Second, t.Alert.EventType)));
        Assert.Equal(Some.Noon.AddSeconds(10), told[0].Alert.StartedAt);
        Assert.Equal(told[0].Alert.IncidentId, told[1].Alert.IncidentId);
        Assert.Empty(_book.Open);
    }

    [Fact]
    public void AShortWeaknessIsNotTold() =>
        Assert.Empty(Run(0, 1000, second => second % 100 < Hold ? SignLevel.Bad : SignLevel.Well));

    [Fact]
    public void WhatComesAndGoesIsOneAlert()
    {
        var told = Run(0, 5000, second => second < 4000 && second % 300 < 200 ? SignLevel.Bad : SignLevel.Well);

        Assert.Equal([EventTypes.AlertFiring, EventTypes.AlertResolved], told.Select(t => t.Alert.EventType));
    }

    [Fact]
    public void BetweenBadAndWellNothingChanges()
    {
        var told = Run(0, 2000, second => second < 100 ? SignLevel.Bad : SignLevel.Doubtful);

        Assert.Equal(EventTypes.AlertFiring, Assert.Single(told).Alert.EventType);
        Assert.Single(_book.Open);
    }

    [Fact]
    public void WhatIsOnlyDoubtfulNeverFires() => Assert.Empty(Run(0, 2000, _ => SignLevel.Doubtful));

    [Fact]
    public void GettingWorseIsToldOnceAndGettingBetterIsNot()
    {
        var told = Run(0, 500, _ => SignLevel.Bad, second => second is > 200 and < 300 ? IncidentSeverity.Critical : IncidentSeverity.High);

        Assert.Equal([EventTypes.AlertFiring, EventTypes.AlertUpdated], told.Select(t => t.Alert.EventType));
        Assert.Equal(IncidentSeverity.Critical, Assert.Single(_book.Open).Severity);
        Assert.NotEqual(told[0].Alert.ToEvent().Id, told[1].Alert.ToEvent().Id);
    }

    [Fact]
    public void WhatCouldNotBeKeptIsDecidedAgainUnderTheSameIds()
    {
        Assert.Empty(Decide(0, SignLevel.Bad));
        var first = Assert.Single(Decide(Hold, SignLevel.Bad));
        var second = Assert.Single(Decide(Hold + 2, SignLevel.Bad));

        Assert.Equal(first.IncidentId, second.IncidentId);
        Assert.Equal(first.ToEvent().Id, second.ToEvent().Id);
    }

    [Fact]
    public void ARestartNeitherRepeatsNorForgets()
    {
        var fired = Assert.Single(Run(0, 100, _ => SignLevel.Bad)).Alert;
        var again = new SelfAlertBook(TimeSpan.FromSeconds(WellAfter));
        again.Keep(SelfAlert.Read(fired.ToEvent())!);

        Assert.Empty(again.Decide([Sign(SignLevel.Bad)], TimeSpan.FromSeconds(5), Some.Noon));
        Assert.Empty(again.Decide([Sign(SignLevel.Well)], TimeSpan.FromSeconds(10), Some.Noon));
        var resolved = Assert.Single(again.Decide([Sign(SignLevel.Well)], TimeSpan.FromSeconds(10 + WellAfter), Some.Noon));

        Assert.Equal(EventTypes.AlertResolved, resolved.EventType);
        Assert.Equal(fired.IncidentId, resolved.IncidentId);
    }

    [Fact]
    public void WhatIsNoLongerReportedIsWell()
    {
        Run(0, 100, _ => SignLevel.Bad);

        Assert.Empty(_book.Decide([], TimeSpan.FromSeconds(200), Some.Noon));
        Assert.Equal(EventTypes.AlertResolved, Assert.Single(_book.Decide([], TimeSpan.FromSeconds(200 + WellAfter), Some.Noon)).EventType);
    }

    [Fact]
    public void NoMixOfLevelsTellsTwiceOrResolvesWhatDidNotFire()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var book = new SelfAlertBook(TimeSpan.FromSeconds(random.Next(0, 400)));
            var isOpen = false;
            var (level, until) = (SignLevel.Well, 0);
            for (var second = 0; second < 4000; second += 2)
            {
                if (second >= until)
                {
                    (level, until) = ((SignLevel)random.Next(3), second + random.Next(1, 300));
                }

                foreach (var alert in book.Decide([Sign(level, (IncidentSeverity)random.Next(4))], TimeSpan.FromSeconds(second), Some.Noon.AddSeconds(second)))
                {
                    Assert.Equal(alert.EventType == EventTypes.AlertFiring, !isOpen);
                    isOpen = alert.IsOpen;
                    book.Keep(alert);
                }
            }
        }
    }

    private List<(int Second, SelfAlert Alert)> Run(int from, int to, Func<int, SignLevel> level, Func<int, IncidentSeverity>? severity = null)
    {
        var told = new List<(int, SelfAlert)>();
        for (var second = from; second < to; second += 2)
        {
            foreach (var alert in Decide(second, level(second), severity?.Invoke(second) ?? IncidentSeverity.High))
            {
                told.Add((second, alert));
                _book.Keep(alert);
            }
        }

        return told;
    }

    private IReadOnlyList<SelfAlert> Decide(int second, SignLevel level, IncidentSeverity severity = IncidentSeverity.High) =>
        _book.Decide([Sign(level, severity)], TimeSpan.FromSeconds(second), Some.Noon.AddSeconds(second));

    private static Sign Sign(SignLevel level, IncidentSeverity severity = IncidentSeverity.High) =>
        new("engine_lag", "engine_lag", level, severity, TimeSpan.FromSeconds(Hold), "detection is 200 s behind", "less than 120 s", "look");
}
