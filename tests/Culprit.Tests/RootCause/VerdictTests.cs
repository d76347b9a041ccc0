using Culprit.Engine.RootCause;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class VerdictTests
{
    [Fact]
    public void MoreScoreMoreMarginAndMoreKindsOfEvidenceAreSurer()
    {
        var confidence = Of([1.5, 1], 1);

        Assert.True(Of([2, 1.3], 1) > confidence);
        Assert.True(Of([1.5, 0.7], 1) > confidence);
        Assert.True(Of([1.5, 1], 2) > confidence);
    }

    [Theory]
    [InlineData(0.8, 0.0, 3)]
    [InlineData(1.0, 1.0, 0)]
    public void NothingIsClaimedWhenNothingStandsOut(double best, double second, int signals) =>
        Assert.True(Verdict.Of([best, second], 0.9, signals).Abstains);

    [Fact]
    public void ThreeWithTheSameScoreAreNoAnswer() => Assert.True(Verdict.Of([5, 4.9, 4.8], 0.9, 3).Abstains);

    [Fact]
    public void LittleIsClaimedOfTroubleThatWasWatchedForSeconds()
    {
        var early = Verdict.Of([5, 2], 0.9, 3, minutes: 0.3);
        var late = Verdict.Of([5, 2], 0.9, 3, minutes: 5);

        Assert.False(early.Abstains);
        Assert.InRange(early.Confidences[0], 0.5, 0.75);
        Assert.True(late.Confidences[0] > 0.85);
    }

    private static double Of(double[] scores, int signals) => Verdict.Of(scores, 0.9, signals).Confidences[0];
}
