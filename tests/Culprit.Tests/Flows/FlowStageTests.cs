using System.Globalization;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Flows;

/// <summary>Sessions of made-up systems, followed by ids that nobody named.</summary>
public sealed class FlowStageTests
{
    /// <summary>What each odd session says, one word a step, and how it is explained.</summary>
    [Theory]
    [InlineData("cart pay ship", null)]
    [InlineData("cart coupon pay ship", null)]
    [InlineData("cart pay retry ship", null)]
    [InlineData("cart pay", "goes on to|go on to 'order <*> says ship")]
    [InlineData("cart", "with 1 of 3 usual steps")]
    [InlineData("cart pay refund ship", "takes step 'order <*> says refund")]
    [InlineData("cart pay ship ship ship", "3 times")]
    public void ACheckoutWithOptionalStepsAndRetriesIsJudged(string steps, string? explanation)
    {
        var stage = Follow(Checkout(400).Append(("ord-7001", steps)));

        var verdict = stage.Verdicts().Single(v => v.Session == "ord-7001");

        Assert.Equal(explanation is not null, verdict.IsAnomalous);
        if (explanation is not null)
        {
            Assert.Contains(explanation.Split('|'), e => verdict.Explanation.Contains(e, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void FewOfTheUsualSessionsAreCalledOdd()
    {
        var verdicts = Follow(Checkout(1000)).Verdicts().ToList();

        Assert.Equal(1000, verdicts.Count);
        Assert.InRange(verdicts.Count(v => v.IsAnomalous), 0, 10);
    }

    [Fact]
    public void ANewStepThatBecomesUsualIsTakenBack()
    {
        var later = Enumerable.Range(0, 300).Select(i => ($"ord-{9000 + i}", "cart gift pay ship"));
        var stage = Follow(Checkout(4000).Concat(later));

        var first = stage.Verdicts().Single(v => v.Session == "ord-9000");

        Assert.Equal((true, false), (first.IsFirstAnomalous, first.IsAnomalous));
    }

    [Fact]
    public void AnIdOfWhichEachLineHasAnotherIsNoFlow()
    {
        var stage = new FlowStage(new FlowOptions(), Text);
        for (var i = 0; i < 200; i++)
        {
            Say(stage, i, $"opened ticket T-{10_000 + i}", 1);
        }

        stage.Finish();

        Assert.Empty(stage.Verdicts());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void NeitherOrderWithinTheLatenessNorTicksBetweenChangeVerdicts(int seed)
    {
        var random = new Random(seed);
        var lines = Lines(Checkout(300)).ToList();
        var late = lines.Select(l => (Line: l, Arrival: l.Second + (random.NextDouble() * 110))).OrderBy(l => l.Arrival).ToList();
        var shuffled = new FlowStage(new FlowOptions(), Text);
        foreach (var (line, arrival) in late)
        {
            Say(shuffled, line.Second, line.Message, line.Pattern);
            if (random.Next(3) == 0)
            {
                shuffled.Tick(Some.At(arrival));
            }
        }

        shuffled.Tick(Some.At(lines[^1].Second + 3600));
        shuffled.Finish();

        Assert.Equal(Show(Follow(Checkout(300))), Show(shuffled));
    }

    [Fact]
    public void MemoryIsBoundedAndWhatLeavesIsCounted()
    {
        var stage = Follow(Checkout(2000), new FlowOptions { MaxSessions = 300 });

        Assert.InRange(stage.Verdicts().Count(), 250, 300);
        Assert.Equal(2000, stage.Forgotten + stage.Verdicts().Count());
        Assert.Equal(0, stage.Unfollowed);
    }

    [Fact]
    public void CountsSayHowManyOfTheSessionsThatCouldBeJudgedBroke()
    {
        var stage = Follow(Checkout(400).Append(("ord-7001", "cart")).Concat(Checkout(50, 5000)), finish: false);

        var counts = stage.Drain();

        Assert.Equal(stage.Verdicts().Count(v => !v.IsOpen && v.IsFirstAnomalous is not null), counts.Sum(c => c.Ended));
        Assert.Contains(counts.SelectMany(c => c.Signs), s => s.Kind == FlowSignKind.Broken && s.Examples.Contains("ord-7001"));
        Assert.Empty(stage.Drain());
    }

    private static IEnumerable<(string Id, string Steps)> Checkout(int count, int first = 1000) =>
        Enumerable.Range(0, count).Select(i => (
            $"ord-{first + i}",
            string.Join(' ', ((string[])["cart", i % 3 == 0 ? "coupon" : string.Empty, "pay", i % 5 == 0 ? "retry" : string.Empty, "ship"]).Where(s => s.Length > 0))));

    private static IEnumerable<(double Second, string Message, ulong Pattern)> Lines(IEnumerable<(string Id, string Steps)> sessions) =>
        sessions.Index().SelectMany(s => s.Item.Steps.Split(' ').Index().Select(step => (
            (s.Index * 10) + (step.Index * 0.7) + (s.Index * 0.0001),
            $"order {s.Item.Id} says {step.Item}",
            (ulong)step.Item.Length * 1000 + step.Item[0]))).OrderBy(l => l.Item1);

    private static FlowStage Follow(IEnumerable<(string Id, string Steps)> sessions, FlowOptions? options = null, bool finish = true)
    {
        var stage = new FlowStage(options ?? new FlowOptions(), Text);
        var last = 0.0;
        foreach (var (second, message, pattern) in Lines(sessions))
        {
            stage.Tick(Some.At(second));
            Say(stage, second, message, pattern);
            last = second;
        }

        stage.Tick(Some.At(last + 3600));
        if (finish)
        {
            stage.Finish();
        }

        return stage;
    }

    private static void Say(FlowStage stage, double second, string message, ulong pattern) =>
        stage.Observe(Some.Batch(1, Some.Log(second, message: message))[0], "shop", new PatternId(pattern), Some.At(second));

    private static string Text(string service, PatternId pattern) => pattern.Value switch
    {
        4099 => "order <*> says cart",
        3112 => "order <*> says pay",
        4115 => "order <*> says ship",
        6114 => "order <*> says refund",
        _ => string.Create(CultureInfo.InvariantCulture, $"step {pattern.Value}"),
    };

    private static string Show(FlowStage stage) => string.Join('\n', stage.Verdicts()
        .OrderBy(v => v.Session, StringComparer.Ordinal)
        .Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Session} {v.IsAnomalous} {v.IsFirstAnomalous} {v.Records} {v.Explanation}")));
}
