using Culprit.Engine.Records;

namespace Culprit.Tests.Admission;

public sealed class RecordMarkTests
{
    [Fact]
    public void EveryMarkSurvivesBesideEveryFlag()
    {
        foreach (var flags in (RecordFlags[])[RecordFlags.None, RecordFlags.ParseError | RecordFlags.ReceiveTime, (RecordFlags)0xff])
        {
            for (var retentionClass = 0; retentionClass < RecordMark.Classes; retentionClass++)
            {
                for (var code = 0; code < 32; code++)
                {
                    var mark = new RecordMark(retentionClass, code);
                    var writer = new RecordBatchWriter();
                    writer.Begin();
                    writer.Commit(1, EventKind.Log, Severity.Info, flags, mark);

                    var record = writer.ToBatch(1)[0];

                    Assert.Equal(mark, record.Mark);
                    Assert.Equal(flags, record.Flags);
                    Assert.Equal(SampleWeights.Of(code), record.Weight);
                }
            }
        }
    }

    [Fact]
    public void ARecordOfAnOlderVersionIsOfTheDefaultClassAndStandsForItself()
    {
        // Version 1 as it was written before there were marks: only the lower bits are set.
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Commit(1, EventKind.Log, Severity.Info, RecordFlags.Truncated);

        var bytes = writer.ToBatch(1).Bytes;

        Assert.Equal([4, 0], bytes.Slice(RecordBatch.HeaderBytes + 14, 2).ToArray());
        Assert.Equal(default, writer.ToBatch(1)[0].Mark);
        Assert.Equal(1, writer.ToBatch(1)[0].Weight);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 10)]
    [InlineData(60.000000000001, 60)]
    [InlineData(799.9999999999, 800)]
    [InlineData(1 / 0.0001, 10_000)]
    [InlineData(20_000, 10_000)]
    public void AWeightThatHasACodeIsExact(double weight, int expected)
    {
        foreach (var dice in (double[])[0, 0.5, 0.999])
        {
            Assert.Equal(expected, SampleWeights.Of(SampleWeights.Choose(weight, dice)));
        }
    }

    [Theory]
    [InlineData(1 / 0.3)]
    [InlineData(1 / 0.75)]
    [InlineData(70.5)]
    [InlineData(9999)]
    public void AWeightBetweenTwoCodesIsRightOnAverage(double weight)
    {
        const int Throws = 100_000;

        var sum = Enumerable.Range(0, Throws).Sum(i => (double)SampleWeights.Of(SampleWeights.Choose(weight, (i + 0.5) / Throws)));

        Assert.Equal(weight, sum / Throws, weight / 1000);
    }
}
