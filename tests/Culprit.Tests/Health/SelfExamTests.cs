using Culprit.Engine.Correlation;
using Culprit.Server.Configuration;
using Culprit.Server.Health;

namespace Culprit.Tests.Health;

/// <summary>What the reports of components say about the server.</summary>
public sealed class SelfExamTests
{
    private readonly SelfExam _exam = new(new SelfAlertSection(), maxDiskUsedPercent: 90);

    [Theory]
    [InlineData(0, SignLevel.Well, IncidentSeverity.High)]
    [InlineData(59.9, SignLevel.Well, IncidentSeverity.High)]
    [InlineData(60, SignLevel.Doubtful, IncidentSeverity.High)]
    [InlineData(120, SignLevel.Bad, IncidentSeverity.High)]
    [InlineData(1200, SignLevel.Bad, IncidentSeverity.Critical)]
    public void LagIsReadAgainstItsThreshold(double seconds, object level, object severity)
    {
        var sign = Find("engine_lag", ("engine", HealthState.Ok, [("lag_seconds", seconds)]));

        Assert.Equal((level, severity), ((object)sign.Level, (object)sign.Severity));
    }

    [Theory]
    [InlineData(80, "held", SignLevel.Well, IncidentSeverity.High)]
    [InlineData(84, "held", SignLevel.Doubtful, IncidentSeverity.High)]
    [InlineData(85, "held", SignLevel.Bad, IncidentSeverity.High)]
    [InlineData(90, "held", SignLevel.Bad, IncidentSeverity.Critical)]
    [InlineData(20, "released", SignLevel.Bad, IncidentSeverity.Critical)]
    public void TheDiskIsReadAgainstWhereEventsAreRefused(double used, string reserve, object level, object severity)
    {
        var sign = Find("disk_filling", ("disk", HealthState.Ok, [("used_percent", used), ("reserve", reserve)]));

        Assert.Equal((level, severity), ((object)sign.Level, (object)sign.Severity));
    }

    [Theory]
    [InlineData("writable", 0.3, SignLevel.Well, SignLevel.Well)]
    [InlineData("writable", 0.4, SignLevel.Well, SignLevel.Doubtful)]
    [InlineData("writable", 0.8, SignLevel.Well, SignLevel.Bad)]
    [InlineData("readonly", 0.1, SignLevel.Bad, SignLevel.Well)]
    [InlineData("diskfull", 0.1, SignLevel.Bad, SignLevel.Well)]
    public void TheJournalIsReadByStateAndFill(string state, double fill, object refuses, object filling)
    {
        var storage = ("storage", HealthState.Ok, new (string, object)[] { ("journal_state", state), ("journal_fill", fill) });

        Assert.Equal(refuses, Find("journal_refuses", storage).Level);
        Assert.Equal(filling, Find("journal_filling", storage).Level);
    }

    [Fact]
    public void StoresThatDoNotAnswerAreSeenFromTheEngineAndFromTheDatabase()
    {
        Assert.Equal(SignLevel.Well, Find("store_unreachable", ("engine", HealthState.Ok, [("can_store", true)]), ("database", HealthState.Ok, [])).Level);
        Assert.Equal(SignLevel.Bad, Find("store_unreachable", ("engine", HealthState.Degraded, [("can_store", false)])).Level);
        Assert.Equal(SignLevel.Bad, Find("store_unreachable", ("database", HealthState.Degraded, [])).Level);
    }

    [Fact]
    public void OnlyNewDeadLettersCountAndTheyAgeOut()
    {
        Assert.Equal(SignLevel.Well, Letters(0, 500));
        Assert.Equal(SignLevel.Doubtful, Letters(60, 509));
        Assert.Equal(SignLevel.Bad, Letters(120, 510));
        Assert.Equal(SignLevel.Bad, Letters(800, 510));
        Assert.Equal(SignLevel.Well, Letters(1100, 510));
    }

    private SignLevel Letters(double second, long total) =>
        Examine(second, ("alerts", HealthState.Ok, [("dead_letters", total)])).Single(s => s.Id == "dead_letters").Level;

    private Sign Find(string id, params (string Name, HealthState State, (string, object)[] Numbers)[] reports) => Examine(0, reports).Single(s => s.Id == id);

    private IReadOnlyList<Sign> Examine(double second, params (string Name, HealthState State, (string, object)[] Numbers)[] reports) => _exam.Examine(
        reports.ToDictionary(r => r.Name, r => new HealthReport(r.State, null, r.Numbers.ToDictionary(n => n.Item1, n => n.Item2))),
        TimeSpan.FromSeconds(second));
}
