using Culprit.Engine.Flows;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Flows;

/// <summary>Flows that are no straight line: loops, fan-out, long jobs, slow steps; and too many of them.</summary>
public sealed class FlowShapesTests
{
    [Fact]
    public void ALoopMayTurnAsOftenAsItLikesButMustEnd()
    {
        var random = new Random(5);
        var play = new FlowPlay().Play(Sessions(600, every: 10, i => i == 500
            ? ["start", "poll", "poll", "poll"]
            : ["start", .. Enumerable.Repeat("poll", random.Next(1, 15)), "done"]));

        Assert.Contains("go on to 'done'", play["ord-1500"].Explanation, StringComparison.Ordinal);
        Assert.Equal(["ord-1500"], play.Verdicts.Where(v => v.IsAnomalous).Select(v => v.Session));
    }

    [Fact]
    public void BranchesMayEndInAnyOrderButNoneMayLack()
    {
        var random = new Random(6);
        var play = new FlowPlay().Play(Sessions(600, every: 3, i =>
        {
            string[] branches = ["stock", "price", "credit", "address"];
            random.Shuffle(branches);
            return ["plan", .. branches.Where(b => i != 500 || b != "credit"), "join"];
        }));

        Assert.Contains("go on to 'credit'", play["ord-1500"].Explanation, StringComparison.Ordinal);
        Assert.Equal(["ord-1500"], play.Verdicts.Where(v => v.IsAnomalous).Select(v => v.Session));
    }

    [Fact]
    public void AJobOfHoursIsNotTakenForEndedBetweenItsSteps()
    {
        string[] steps = ["read", "sort", "join", "sum", "write", "publish"];
        var play = new FlowPlay().Play(Sessions(400, every: 1800, i => i == 300 ? steps[..3] : steps, pause: 1200));

        Assert.Contains("ends after 'join' of shop with 3 of 6 usual steps", play["ord-1300"].Explanation, StringComparison.Ordinal);
        Assert.True(play["ord-1300"].IsFirstAnomalous);
        Assert.Equal(["ord-1300"], play.Verdicts.Where(v => v.IsAnomalous).Select(v => v.Session));
    }

    [Fact]
    public void AStepMuchLaterThanUsualIsSlowAndNotAnomalous()
    {
        var random = new Random(7);
        var lines = Sessions(1000, every: 5, _ => ["cart", "pay", "ship"])
            .Select(l => l with { Second = l.Second + (0.1 * random.NextDouble()) })
            .Select(l => l is { Id: "ord-1900", Step: not "cart" } ? l with { Second = l.Second + 14 } : l);

        var play = new FlowPlay().Play(lines);

        var slow = Assert.Single(play.Verdicts, v => v.Slow is not null);
        Assert.Equal(("ord-1900", false), (slow.Session, slow.IsAnomalous));
        Assert.Matches("^step 'pay' of shop 14\\.[0-9] s after 'cart' of shop; 99\\.[0-9]+ % of [0-9,]+ take below [0-9.]+ m?s$", slow.Explanation);
        Assert.InRange(slow.Slow!.Score, 0.99, 1);
    }

    [Fact]
    public void PausesThatVaryWidelyAreNotSlow()
    {
        var random = new Random(8);
        var lines = Sessions(1000, every: 400, _ => ["cart", "pay"])
            .Select(l => l.Step == "pay" ? l with { Second = l.Second + (300 * Math.Pow(random.NextDouble(), 3)) } : l);

        Assert.DoesNotContain(new FlowPlay().Play(lines).Verdicts, v => v.Slow is not null);
    }

    [Fact]
    public void TimesInWholeSecondsMakeNoSecondSlow()
    {
        var lines = Sessions(1000, every: 5, _ => ["cart", "pay"], pause: 0)
            .Select(l => l is { Id: "ord-1900", Step: "pay" } ? l with { Second = l.Second + 1 } : l);

        Assert.DoesNotContain(new FlowPlay().Play(lines).Verdicts, v => v.Slow is not null);
    }

    [Fact]
    public void AnIdInAttributesIsFollowed()
    {
        var play = new FlowPlay().Play(Sessions(300, every: 5, i => i == 250 ? ["cart", "pay"] : ["cart", "pay", "ship"])
            .Select(l => l with { IsInAttributes = true }));

        Assert.Equal(300, play.Verdicts.Count());
        Assert.All(play.Verdicts, v => Assert.Equal("ord", v.Key));
        Assert.Equal(["ord-1250"], play.Verdicts.Where(v => v.IsAnomalous).Select(v => v.Session));
    }

    [Fact]
    public void TooManyIdsAreSampledWholeAndAlwaysTheSame()
    {
        var options = new FlowOptions { MaxNewPerSecond = 100 };
        var lines = Sessions(5000, every: 0.001, _ => ["cart", "pay", "ship"], pause: 0.3).ToList();

        var play = new FlowPlay(options).Play(lines);

        Assert.InRange(play.Verdicts.Count(), 300, 2500);
        Assert.All(play.Verdicts, v => Assert.Equal(3, v.Records));
        Assert.Equal(3 * (5000 - play.Verdicts.Count()), play.Stage.SampledOut);
        Assert.Equal(play.Show(), new FlowPlay(options).Play(lines).Show());
    }

    [Fact]
    public void APatternThatBeginsToCarryIdsIsNoticed()
    {
        var patterns = new FlowPatterns();
        var pattern = new PatternId(7);
        var wanted = Enumerable.Range(0, 100 * FlowPatterns.Looks).Count(_ => patterns.Wants(pattern));

        patterns.Found(pattern);

        Assert.Equal(FlowPatterns.Looks + 99, wanted);
        Assert.True(Enumerable.Range(0, FlowPatterns.Looks).All(_ => patterns.Wants(pattern)));
    }

    private static IEnumerable<FlowLine> Sessions(int count, double every, Func<int, string[]> steps, double pause = 0.7) =>
        Enumerable.Range(0, count).SelectMany(i => steps(i).Index().Select(s =>
            new FlowLine((i * every) + (s.Index * pause), $"ord-{1000 + i}", s.Item)));
}
