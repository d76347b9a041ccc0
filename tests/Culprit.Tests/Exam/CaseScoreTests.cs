using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Scoring;

namespace Culprit.Tests.Exam;

public sealed class CaseScoreTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void TheRightCauseAtTheRightTimeIsFoundOnce()
    {
        var score = Assert.Single(CaseScore.Of([Label("orders", "sha1")], SpanForm.None, [Incident(8, "error_spike", ["orders", "web"], ("orders", "sha1"), ("web", "none"))]));

        Assert.Equal(8, score.DelaySeconds);
        Assert.Equal((1, 1, 0, 0), (score.Incidents, score.Rank, score.Before, score.Beside));
        Assert.True(score.IsTypeRight && score.IsChangeRight);
    }

    /// <summary>Seconds to the first call that the fault hits, to the incident, and from the one to the other.</summary>
    [Theory]
    [InlineData(3.0, 8, 5.0)]
    [InlineData(0.0, 8, 8.0)]
    [InlineData(10.0, 8, 0.0)]      // a change of the fault's kind was seen before its effect
    [InlineData(null, 8, null)]
    public void TheDelayCountsFromTheFirstCallThatIsHitAsWell(double? first, double found, double? expected)
    {
        var label = Label("orders") with { FirstAffectedCall = first is { } seconds ? Start.AddSeconds(seconds) : null };

        var score = Assert.Single(CaseScore.Of([label], SpanForm.None, [Incident(found, "error_spike", ["orders"], ("orders", "none"))]));

        Assert.Equal(expected, score.DelaySinceHitSeconds);
    }

    [Fact]
    public void AnIncidentBeforeTheFaultIsNoFind()
    {
        var score = Assert.Single(CaseScore.Of([Label("orders")], SpanForm.None, [Incident(-5, "error_spike", ["orders"], ("orders", "none"))]));

        Assert.False(score.IsFound);
        Assert.Equal(1, score.Before);
    }

    [Fact]
    public void AnIncidentOfOthersIsBesideTheFault()
    {
        var score = Assert.Single(CaseScore.Of([Label("orders")], SpanForm.None, [Incident(20, "error_spike", ["mailer"], ("mailer", "none"))]));

        Assert.False(score.IsFound);
        Assert.Equal((0, 1), (score.Incidents, score.Beside));
    }

    [Fact]
    public void AFaultFoundTwiceIsNotOneIncident()
    {
        var score = Assert.Single(CaseScore.Of([Label("orders")], SpanForm.None,
            [Incident(20, "latency_spike", ["web"], ("orders-db", "none"), ("orders", "none")), Incident(90, "error_spike", ["orders"], ("orders", "none"))]));

        Assert.Equal((2, 2), (score.Incidents, score.Rank));
        Assert.False(score.IsTypeRight);
    }

    [Fact]
    public void WhatComesLongAfterTheFaultIsNoFind()
    {
        var score = Assert.Single(CaseScore.Of([Label("orders")], SpanForm.None, [Incident((15 * 60) + 121, "error_spike", ["orders"], ("orders", "none"))]));

        Assert.False(score.IsFound);
        Assert.Equal(1, score.Incidents);
    }

    [Fact]
    public void OneIncidentIsTheFindOfOneOfTwoFaults()
    {
        var labels = new[] { Label("orders"), Label("mailer") };

        var merged = CaseScore.Of(labels, SpanForm.None, [Incident(5, "error_spike", ["orders", "web", "mailer"], ("orders", "none"))]).ToList();
        var apart = CaseScore.Of(labels, SpanForm.None, [Incident(5, "error_spike", ["orders", "web"], ("orders", "none")), Incident(6, "error_spike", ["mailer"], ("mailer", "none"))]).ToList();

        Assert.Single(merged, s => s.IsFound);
        Assert.All(apart, s => Assert.Equal((1, 1), (s.Incidents, s.Rank)));
    }

    [Fact]
    public void AnotherNameOfTheRootIsTheRoot()
    {
        var label = Label("orders-db") with { Also = ["orders-db.prod:5432"] };

        var score = Assert.Single(CaseScore.Of([label], SpanForm.None, [Incident(5, "error_spike", ["web"], ("orders-db.prod:5432", "none"))]));

        Assert.Equal(1, score.Rank);
    }

    [Fact]
    public void ScoresReadBackFromTheirFile()
    {
        var scores = CaseScore.Of([Label("orders")], SpanForm.Sampled, [Incident(5, "error_spike", ["web"], ("orders", "none"))]).ToList();
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            ScoreFile.Write(file, scores);

            Assert.Equal(ScoreTable.Render(scores, true), ScoreTable.Render(ScoreFile.Read(file), true));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static FoundIncident Incident(double after, string type, string[] services, params (string Service, string Change)[] causes) =>
        new(Start.AddSeconds(after), type, services, [.. causes.Select(c => new FoundCause(c.Service, 0.8, 2, 1, c.Change))], false, "test", "seen");

    private static FaultLabel Label(string root, string change = "none") => new()
    {
        CaseId = "case",
        Fault = "bad-deploy",
        Strength = 5,
        Seed = 1,
        Start = Start,
        End = Start.AddMinutes(15),
        RootCause = root,
        Also = [],
        Change = change,
        AnomalyTypes = ["error_spike"],
        AffectedServices = root == "mailer" ? ["mailer"] : [root, "web"],
        RedHerrings = [],
        ExposedCalls = 100,
        AffectedCalls = 90,
        FirstAffectedCall = Start,
        IsClearlyVisible = true,
    };
}
