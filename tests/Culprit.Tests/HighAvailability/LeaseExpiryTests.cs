using Culprit.Server.HighAvailability;
using Culprit.Server.Storage.Postgres;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.HighAvailability;

/// <summary>A lease is taken from who is dead, and from nobody else.</summary>
public sealed class LeaseExpiryTests
{
    private static readonly LeaseState Held = new(3, "other", 10, IsHeld: true, IsShared: true);

    private readonly FakeTimeProvider _clock = new();
    private readonly LeaseExpiry _expiry;

    public LeaseExpiryTests() => _expiry = new LeaseExpiry(_clock);

    [Fact]
    public void OneThatNobodyHoldsIsTakenAtOnce()
    {
        Assert.True(_expiry.Look(LeaseState.Nobody));
        Assert.True(_expiry.Look(Held with { IsHeld = false }));
    }

    [Fact]
    public void OneThatIsNotRenewedIsTakenAfterEightSeconds()
    {
        Assert.Equal(8, SecondsUntilTaken(_ => Held));
    }

    [Fact]
    public void OneThatIsRenewedIsNeverTaken()
    {
        Assert.Equal(-1, SecondsUntilTaken(second => Held with { Renewals = second / 2 }));
    }

    [Fact]
    public void AnotherHolderHasItsOwnTime()
    {
        Assert.Equal(14, SecondsUntilTaken(second => Held with { Epoch = second < 6 ? 3 : 4 }));
    }

    [Fact]
    public void WhileTheDatabaseIsAwayNobodysTimeRuns()
    {
        Look(7, _ => Held);
        _expiry.Fail();
        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(8, SecondsUntilTaken(_ => Held));
    }

    [Fact]
    public void AServerThatWasFrozenItselfLooksAnew()
    {
        Look(3, _ => Held);
        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(8, SecondsUntilTaken(_ => Held));
    }

    private int SecondsUntilTaken(Func<int, LeaseState> at) => Look(60, at);

    /// <summary>Looks once a second; the second at which it may be taken, or -1.</summary>
    private int Look(int seconds, Func<int, LeaseState> at)
    {
        for (var second = 0; second < seconds; second++)
        {
            if (_expiry.Look(at(second)))
            {
                return second;
            }

            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        return -1;
    }
}
