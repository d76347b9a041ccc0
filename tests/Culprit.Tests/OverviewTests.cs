using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;

namespace Culprit.Tests;

public class OverviewTests
{
    [Fact]
    public void ServicesShowTheirLastMinuteAndHowFarTheBaselineIsLearned()
    {
        var options = new PipelineOptions { Dependencies = new Dictionary<string, IReadOnlyList<string>> { ["web"] = ["db"] } };
        var pipeline = new Pipeline(options, 1, new RootCauseRanker(RunbookLibrary.Empty));
        for (var s = 0; s < 90; s++)
        {
            pipeline.Process(
                Some.Batch((2 * s) + 1, Some.Log(s, "web"), s % 30 == 0 ? Some.Error(s, "web") : Some.Log(s, "db")), new BatchAnnotations(2));
            pipeline.Tick(Some.At(s + 1));
        }

        var environment = Assert.Single(pipeline.Overview());

        Assert.Equal(["db", "web"], environment.Services.Select(s => s.Service));
        Assert.Equal((60 + 2, 2), (environment.Services[1].Records, environment.Services[1].Errors));
        Assert.InRange(environment.LearnedSeconds, 75, 90);
        Assert.Equal(("web", "db"), (environment.Edges[0].Caller, environment.Edges[0].Callee));
    }
}
