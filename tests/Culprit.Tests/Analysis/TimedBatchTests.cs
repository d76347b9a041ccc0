using Culprit.Engine.Records;
using Culprit.Server.Analysis;
using Culprit.Tests.Support;

namespace Culprit.Tests.Analysis;

public class TimedBatchTests
{
    [Fact]
    public void RecordsInOrderKeepTheirTimes()
    {
        Assert.Equal([0, 1, 2, 3], Keys(0, 1, 2, 3));
    }

    [Fact]
    public void OneClockAheadMovesNoTimeButItsOwn()
    {
        Assert.Equal([0, 1, 2, 4, 4, 5, 6], Keys(0, 1, 2, 3600, 4, 5, 6));
    }

    [Fact]
    public void AHeldBackLineDoesNotTurnTimeBack()
    {
        var keys = Keys(100, 101, 2, 102, 103);

        Assert.Equal(keys.Order(), keys);
        Assert.All(keys, k => Assert.InRange(k, 100, 103));
    }

    [Fact]
    public void TimeGoesOnFromTheBatchBefore()
    {
        var timed = TimedBatch.Of(Some.Batch(1, Some.Log(5), Some.Log(9)), Some.At(7));

        Assert.Equal([Some.At(7), Some.At(9)], timed.Keys);
    }

    private static List<double> Keys(params double[] seconds) =>
        [.. TimedBatch.Of(Some.Batch(1, [.. seconds.Select(s => Some.Log(s))]), long.MinValue).Keys
            .Select(k => (k - Some.At(0)) / (double)UnixNanos.PerSecond)];
}
