using Culprit.Engine.Detection;
using Culprit.Server.Detection;

namespace Culprit.Tests.Detection;

public sealed class ErrorShareTests
{
    private readonly ErrorShare _share = new();

    [Fact]
    public void TheShareCoversTheLastMinuteOnly()
    {
        _share.Advance(1000, [Digest(records: 10, errors: 10)]);
        _share.Advance(1030, [Digest(records: 30, errors: 0)]);

        Assert.Equal(0.25, Assert.Single(_share.Measure()).Value);
        _share.Advance(1061, []);
        Assert.Equal(0, Assert.Single(_share.Measure()).Value);
    }

    [Fact]
    public void DigestsOfOneSecondAddUp()
    {
        _share.Advance(1000, [Digest(records: 5, errors: 5)]);
        _share.Advance(1000, [Digest(records: 5, errors: 0)]);

        Assert.Equal(0.5, Assert.Single(_share.Measure()).Value);
    }

    [Fact]
    public void SilenceIsNoError()
    {
        _share.Advance(1000, [Digest(records: 5, errors: 5)]);
        _share.Advance(5000, []);

        Assert.Equal(0, Assert.Single(_share.Measure()).Value);
    }

    private static DrawnDigest Digest(long records, long errors) => new("production", new ServiceDigest
    {
        Service = "api",
        Second = 0,
        ByLevel = [0, records - errors, 0, errors, 0],
        Duplicates = 0,
        LastNanos = 0,
        Patterns = [],
    });
}
