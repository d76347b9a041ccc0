using Culprit.Engine.Evaluation;
using Xunit;

namespace Culprit.Tests.Evaluation;

public sealed class CaseScoreTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 14, 0, 0, TimeSpan.Zero);

    private static readonly LabelledCase Case = new()
    {
        Id = "c",
        Start = Start,
        End = Start.AddMinutes(10),
        RootCauses = ["db", "db.internal"],
        FaultType = "slow",
        Change = "none",
    };

    [Theory]
    [InlineData(-61, 0, 1, 0)]
    [InlineData(-60, 1, 0, 1)]
    [InlineData(0, 1, 0, 1)]
    [InlineData(720, 1, 0, 1)]
    [InlineData(721, 0, 0, 0)]
    public void ADetectionCountsFromTheLeadToTheTail(double seconds, int detected, int before, int inside)
    {
        var score = CaseScore.Found(Case, [At(seconds, "db")], TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120));

        Assert.Equal((detected == 1, before, inside), (score.IsDetected, score.Before, score.Inside));
        Assert.Equal(detected == 1 ? seconds : null, score.DelaySeconds);
    }

    [Fact]
    public void TheFirstDetectionInTimeIsTheOneThatIsScored()
    {
        var score = CaseScore.Found(Case, [At(90, "db"), At(30, "web", "db.internal"), At(-300, "db")], TimeSpan.Zero, TimeSpan.Zero);

        Assert.Equal((30, 2, 2, 1), (score.DelaySeconds, score.Rank, score.Inside, score.Before));
    }

    [Theory]
    [InlineData("none", null, true)]
    [InlineData("none", "c1", false)]
    [InlineData("c1", "c1", true)]
    [InlineData("c1", null, false)]
    [InlineData(null, "c1", false)]
    public void AChangeIsRightOnlyWhereTheLabelSaysSo(string? truth, string? blamed, bool isRight)
    {
        var report = new ReportedIncident(Start, [new ReportedCause("db", 0.5, blamed)], false);

        Assert.Equal(isRight, CaseScore.Told(Case with { Change = truth }, [report]).IsChangeRight);
    }

    /// <summary>A label may name the service that fails, or what a cloud runs and it lacks.</summary>
    [Theory]
    [InlineData("uploads", 2)]
    [InlineData("s3", 2)]
    [InlineData("web", 3)]
    [InlineData("kafka", 0)]
    public void AResourceIsFoundByEitherName(string truth, int place)
    {
        var report = new ReportedIncident(Start, [new("search", 0.6, null), new("uploads", 0.3, null) { Resource = "s3" }, new("uploads", 0.2, null), new("web", 0.1, null)], false);

        Assert.Equal(place, report.RankOf([truth]));
    }

    [Fact]
    public void WhatWasNotDetectedIsWrongAndWhatWasNotPlayedIsLeftOut()
    {
        var zero = TimeSpan.Zero;
        var summary = new EvalSummary(
        [
            CaseScore.Found(Case, [At(10, "db")], zero, zero),
            CaseScore.Found(Case, [At(40, "web", "cache", "db")], zero, zero),
            CaseScore.Found(Case, [], zero, zero),
            new CaseScore { Case = Case, Problem = "no folder" },
        ]);

        Assert.Equal((3, 1, 2), (summary.Cases, summary.NotScored, summary.Detected));
        Assert.Equal((1, 2, 2), (summary.Top(1), summary.Top(3), summary.Top(5)));
        Assert.Equal((2, 3), (summary.ChangeRight, summary.WithChange));
        Assert.Equal(40, summary.Delay(0.5));
        Assert.Equal(2, summary.Reliability.Claims);
    }

    [Fact]
    public void AnAbstentionClaimsNothing()
    {
        var abstained = new ReportedIncident(Start, [new ReportedCause("db", 0.1, null)], true);

        var summary = new EvalSummary([CaseScore.Told(Case, [abstained]), CaseScore.Told(Case, [new ReportedIncident(Start, [], false)])]);

        Assert.Equal((2, 1, 0), (summary.Abstained, summary.AbstainedRight, summary.Reliability.Claims));
    }

    [Fact]
    public void ClaimsThatComeTrueAsOftenAsTheySayHaveNoCalibrationError()
    {
        var honest = Reliability.Of(Enumerable.Range(0, 10).Select(i => (0.7, i < 7)));
        var boastful = Reliability.Of(Enumerable.Range(0, 10).Select(i => (0.9, i < 5)));

        Assert.Equal(0, honest.CalibrationError, 9);
        Assert.Equal(0.21, honest.Brier, 9);
        Assert.Equal(0.4, boastful.CalibrationError, 9);
        Assert.Equal(0, Reliability.Of([]).Claims);
    }

    [Theory]
    [InlineData(0, 0.2)]
    [InlineData(0.2, 0.2)]
    [InlineData(0.21, 0.4)]
    [InlineData(1, 1)]
    public void EveryConfidenceHasItsBin(double confidence, double end) =>
        Assert.Equal(end, Assert.Single(Reliability.Of([(confidence, true)]).Bins).End);

    private static ReportedIncident At(double seconds, params string[] services) =>
        new(Start.AddSeconds(seconds), [.. services.Select(s => new ReportedCause(s, 0.8, null))], false);
}
