using Culprit.Engine.RootCause;
using CsCheck;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class RiseTests
{
    [Fact]
    public void AnUnchangedRateIsNoSurprise() => Assert.InRange(Rise.PoissonRoot(30_000, 60, 500, 1), -0.2, 0.2);

    [Fact]
    public void ThreeNewErrorsInAMinuteAfterAQuietHourAreMoreThanFourSigmas() =>
        Assert.InRange(Rise.PoissonRoot(0, 60, 3, 1), 4, 5.5);

    [Fact]
    public void MoreErrorsAreNeverLessSurprising() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Double[1, 600], Gen.Double[0.1, 60]).Sample((before, now, past, present) =>
            Rise.PoissonRoot(before, past, now + 1, present) >= Rise.PoissonRoot(before, past, now, present) - 1e-9);

    [Fact]
    public void ALongerQuietPastMakesTheSameErrorsMoreSurprising() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[1, 600], Gen.Double[0.1, 60]).Sample((now, past, present) =>
            Rise.PoissonRoot(0, past * 2, now, present) >= Rise.PoissonRoot(0, past, now, present) - 1e-9);
}
