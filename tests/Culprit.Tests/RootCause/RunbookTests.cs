using Culprit.Engine.Detection;
using Culprit.Engine.RootCause;
using Culprit.Server.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class RunbookTests
{
    private const string Database = """
        ---
        anomaly_types: [connection_failure]
        services: [postgres]
        patterns: ["DB connection", "too many clients"]
        ---
        # Database connections fail

        Some words first.

        1. Check DB health
           and its replica
        2. Verify connection pool

        ## Later
        - other list
        """;

    private static readonly Runbook Redis = RunbookParser.Parse("redis.md", "---\npatterns: [redis]\nservices: [redis]\n---\n# Redis\n- Check Redis cluster\n").Runbook!;

    [Fact]
    public void ARunbookIsReadWithItsFrontMatterAndFirstList()
    {
        var runbook = RunbookParser.Parse("db.md", Database).Runbook!;

        Assert.Equal("Database connections fail", runbook.Title);
        Assert.Equal([AnomalyType.ConnectionFailure], runbook.AnomalyTypes);
        Assert.Equal(["DB connection", "too many clients"], runbook.Patterns);
        Assert.Equal(["Check DB health and its replica", "Verify connection pool"], runbook.Steps);
        Assert.StartsWith("# Database", runbook.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("---\nanomaly_types: [db_down]\n---\ntext", "anomaly_types: \"db_down\" is unknown")]
    [InlineData("---\nservices: [a\n---\ntext", "front matter, line")]
    [InlineData("---\nserveces: [a]\n---\ntext", "serveces")]
    [InlineData("---\ntitle: a\n", "not closed")]
    [InlineData("   \n", "no text")]
    public void ABadRunbookSaysWhatIsWrong(string text, string expected)
    {
        var parse = RunbookParser.Parse("x.md", text);

        Assert.Null(parse.Runbook);
        Assert.Contains(expected, parse.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunbookWithoutFrontMatterOrListIsStillARunbook()
    {
        var runbook = RunbookParser.Parse("plain.md", "Call the owner.\n\n```\n- not a step\n```\n").Runbook!;

        Assert.Equal("plain", runbook.Title);
        Assert.Empty(runbook.Steps);
    }

    [Fact]
    public void TheRunbookOfTheCauseBeatsThatOfABystander()
    {
        var database = RunbookParser.Parse("db.md", Database).Runbook!;
        var ranker = new RootCauseRanker(new RunbookLibrary([Redis, database]));

        var report = ranker.Rank(Scenarios.WithSeedDependencies(Scenarios.Seed()).Build());

        Assert.Equal("db.md", report.Runbook?.Path);
        Assert.Equal("Check DB health and its replica (postgres; runbook db.md)", report.RecommendedAction);
    }

    [Fact]
    public void ARunbookForAnotherFaultIsNotQuoted()
    {
        var report = new RootCauseRanker(new RunbookLibrary([Redis])).Rank(Scenarios.LoudInnocent().Build());

        Assert.Null(report.Runbook);
    }

    [Fact]
    public void AnAnomalyTypeAloneDoesNotMatchASpecificRunbook()
    {
        var database = RunbookParser.Parse("db.md", Database).Runbook!;

        Assert.Null(new RunbookLibrary([database]).BestMatch("web", ["boom"], ["web"], ["boom"], [AnomalyType.ConnectionFailure]));
        Assert.NotNull(new RunbookLibrary([database with { Services = [], Patterns = [] }])
            .BestMatch("web", ["boom"], ["web"], ["boom"], [AnomalyType.ConnectionFailure]));
    }

    [Fact]
    public void AnExcerptIsAtMostSixHundredCharacters() =>
        Assert.Equal(600, RunbookLibrary.Quote(Redis with { Body = new string('x', 5000) }).Excerpt.Length);

    [Fact]
    public async Task ABadFileCostsOnlyItself()
    {
        var folder = Directory.CreateTempSubdirectory("culprit-runbooks").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "good.md"), Database, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "bad.md"), "---\nservices: {\n---\nx", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "note.txt"), "not a runbook", TestContext.Current.CancellationToken);

            var contents = await RunbookFolder.LoadAsync(folder, TestContext.Current.CancellationToken);

            Assert.Equal(1, contents.Library.Count);
            Assert.Equal("bad.md", Assert.Single(contents.Problems).Path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task AMissingFolderIsAProblemNotACrash()
    {
        var contents = await RunbookFolder.LoadAsync(Path.Combine(Path.GetTempPath(), "culprit-no-such-folder"), TestContext.Current.CancellationToken);

        Assert.Equal(0, contents.Library.Count);
        Assert.Single(contents.Problems);
    }

    [Fact]
    public async Task TheSampleRunbooksAreSound()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Culprit.slnx")))
        {
            root = root.Parent;
        }

        var contents = await RunbookFolder.LoadAsync(Path.Combine(root!.FullName, "samples", "runbooks"), TestContext.Current.CancellationToken);

        Assert.Empty(contents.Problems);
        Assert.Equal(2, contents.Library.Count);
    }
}
