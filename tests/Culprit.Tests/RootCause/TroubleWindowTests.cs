using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class TroubleWindowTests
{
    /// <summary>Healthy for 100 s, wrong for a minute, healthy again for a minute.</summary>
    private static SomeTraces Traces() => new SomeTraces()
        .Requests(0, 100).Requests(100, 60, s => s == "stock" ? 4 : SomeTraces.Usual(s)).Requests(160, 60);

    [Theory]
    [InlineData(55, 125, 125)]      // the detector looked at 70 s, and saw no more of it after it fired
    [InlineData(110, 125, 160)]     // it noticed late
    [InlineData(95, 150, 155)]
    public void IsWhereRequestsGoWrongWhateverTheDetectorLookedAt(double start, double detected, double seen)
    {
        var (from, to) = TroubleWindow.Find(Traces().Book, SomeTraces.Patterns, Some.At(start), Some.At(detected), Some.At(seen), Some.At(220));

        Assert.InRange(from, Some.At(90), Some.At(110));
        Assert.InRange(to, Some.At(150), Some.At(170));
    }

    [Fact]
    public void WithoutAnythingWrongItIsTheDetectorsOwnWithALead()
    {
        var (from, to) = TroubleWindow.Find(new SomeTraces().Book, SomeTraces.Patterns, Some.At(100), Some.At(130), Some.At(160), Some.At(400));

        Assert.Equal((Some.At(70), Some.At(160)), (from, to));
    }

    [Fact]
    public void AFreshIncidentReachesUpToNow()
    {
        var (from, to) = TroubleWindow.Find(Traces().Book, SomeTraces.Patterns, Some.At(105), Some.At(106), Some.At(106), Some.At(106));

        Assert.True(from < Some.At(106));
        Assert.True(to - from >= 10 * UnixNanos.PerSecond);
    }
}
