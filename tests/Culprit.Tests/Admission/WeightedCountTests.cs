using Culprit.Engine;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Tests.Admission;

public sealed class WeightedCountTests
{
    [Fact]
    public void ADigestCountsWhatWasSentAndNotWhatWasKept()
    {
        var stage = new ServiceStage("api", new PipelineOptions(), 1, new DedupeBudget());
        Observe(stage, "started", Severity.Info, weight: 10);
        Observe(stage, "started", Severity.Info, weight: 10);
        Observe(stage, "slow", Severity.Warn, weight: 5);
        Observe(stage, "slow", Severity.Warn, weight: 1);
        Observe(stage, "failed", Severity.Error, weight: 1);

        var digest = stage.Drain().Single();

        Assert.Equal([0, 20, 6, 1, 0], digest.ByLevel);
        Assert.Equal(11, digest.Duplicates);
        Assert.Equal([6, 1], digest.Patterns.Select(p => p.Count).OrderDescending());
    }

    private static void Observe(ServiceStage stage, string body, Severity severity, int weight)
    {
        var code = Enumerable.Range(0, 32).Single(c => SampleWeights.Of(c) == weight);
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Set(LogRecord.ServiceField, "api"u8);
        writer.Set(LogRecord.EnvironmentField, "production"u8);
        writer.Set(LogRecord.BodyField, System.Text.Encoding.UTF8.GetBytes(body));
        writer.Commit(UnixNanos.PerSecond, EventKind.Log, severity, RecordFlags.None, new RecordMark(0, code));
        stage.Observe(writer.ToBatch(UnixNanos.PerSecond, 1)[0], UnixNanos.PerSecond, out _, out _);
    }
}
