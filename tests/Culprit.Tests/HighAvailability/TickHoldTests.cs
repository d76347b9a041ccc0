using Culprit.Server.HighAvailability;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.HighAvailability;

/// <summary>After an outage no server's time runs ahead of what another still has to ship.</summary>
public sealed class TickHoldTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly TickHold _hold;
    private long _beats;

    public TickHoldTests() => _hold = new TickHold(_clock);

    [Fact]
    public void AServerThatIsAloneWaitsForNobody()
    {
        Assert.False(_hold.MustWait(10 * Minute));
    }

    [Fact]
    public void OneThatCatchesUpWaitsForAnotherThatIsFartherBehind()
    {
        Hear(lag: 10 * Minute);

        Assert.True(_hold.MustWait(5 * Minute));
        Assert.False(_hold.MustWait(9.6 * Minute));
        Assert.False(_hold.MustWait(20 * Minute));
    }

    [Fact]
    public void OneThatIsUpToDateWaitsForNobody()
    {
        Hear(lag: 10 * Minute);

        Assert.False(_hold.MustWait(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void OneThatIsGoneIsNotWaitedFor()
    {
        Hear(lag: 10 * Minute);
        _clock.Advance(TickHold.Patience);

        Assert.False(_hold.MustWait(Minute));
    }

    [Fact]
    public void AfterAnOutageAnothersLagIsNotBelievedUntilItIsHeardAgain()
    {
        Hear(lag: TimeSpan.Zero);
        _hold.Reset();

        Assert.True(_hold.MustWait(Minute));
        Hear(lag: Minute);
        Assert.False(_hold.MustWait(Minute));
    }

    private void Hear(TimeSpan lag)
    {
        _hold.Observe([new PeerLag(7, lag, _beats++)]);
        _hold.Observe([new PeerLag(7, lag, _beats++)]);
    }
}
