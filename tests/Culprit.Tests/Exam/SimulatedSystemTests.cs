using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.World;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Tests.Exam;

public sealed class SimulatedSystemTests
{
    [Fact]
    public void TheSameSeedGivesTheSameBytes()
    {
        var first = ExamRun.Quiet(3, 1);
        var second = ExamRun.Quiet(3, 1);

        Assert.NotEmpty(first.Lines);
        Assert.Equal(first.Lines.Select(l => Convert.ToHexString(l.Json)), second.Lines.Select(l => Convert.ToHexString(l.Json)));
    }

    [Fact]
    public void AnotherSeedGivesAnotherSystem()
    {
        var names = WorldBuilder.Build(1).Services.Select(s => s.Name);

        Assert.NotEqual(names, WorldBuilder.Build(2).Services.Select(s => s.Name));
    }

    [Fact]
    public void ThirtyServicesSpeakAndEachHasTraffic()
    {
        var world = WorldBuilder.Build(2);

        Assert.Equal(30, world.Services.Select(s => s.Name).Distinct().Count());
        Assert.All(world.Services.Where(s => s.Tier != Tier.Job), s => Assert.True(s.PeakRate > 0, s.Name));
    }

    [Fact]
    public void QuietTrafficHasNoLabelsAndFewErrors()
    {
        var run = ExamRun.Quiet(1, 2);

        var levels = run.Of(TelemetryKind.Logs).CountBy(l => l.GetProperty("level").GetString()!).ToDictionary();
        Assert.Empty(run.Labels);
        Assert.True(levels["INFO"] > 500);
        Assert.True(levels.GetValueOrDefault("ERROR") < levels["INFO"] / 50);
    }

    [Fact]
    public void AFaultChangesNothingBeforeItBegins()
    {
        var quiet = ExamRun.Quiet(1, 0.9);
        var faulty = ExamRun.With(FaultTable.Find("cpu-throttling")!, 5, 2);

        var before = quiet.Lines.Where(l => l.Kind == TelemetryKind.Traces).Select(l => Convert.ToHexString(l.Json)).ToList();
        Assert.Equal(before, faulty.Lines.Where(l => l.Kind == TelemetryKind.Traces).Take(before.Count).Select(l => Convert.ToHexString(l.Json)));
    }

    [Fact]
    public void SampledTracesAreWhole()
    {
        var run = ExamRun.Quiet(1, 2);

        var spans = run.Lines.Where(l => l.Kind == TelemetryKind.Traces).ToList();
        var byTrace = spans.GroupBy(l => System.Text.Json.JsonDocument.Parse(l.Json).RootElement.GetProperty("trace_id").GetString());
        var kept = spans.Count(l => SpanForm.Sampled.Keeps(l));
        Assert.InRange(kept, 1, spans.Count / 5);
        Assert.All(byTrace, trace => Assert.Single(trace.Select(l => SpanForm.Sampled.Keeps(l)).Distinct()));
        Assert.DoesNotContain(spans, l => SpanForm.None.Keeps(l));
    }
}
