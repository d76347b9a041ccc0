using Culprit.Engine.Flows;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Flows;

/// <summary>What is different when the server follows flows: judged once, in bounded memory, while things go wrong.</summary>
public sealed class LiveFlowTests
{
    [Fact]
    public void WhatEndsIsCountedAsUsualOrBroken()
    {
        var play = new FlowPlay(FlowOptions.Live);

        var counts = play.Count(Orders(600, i => i % 100 == 99 ? ["cart", "pay"] : ["cart", "pay", "ship"]));

        Assert.InRange(counts.Sum(c => c.Ended), 450, 600);
        Assert.Equal(counts.SelectMany(c => c.Signs).Where(s => s.Kind == FlowSignKind.Broken).Sum(s => s.Count), counts.Sum(c => c.Broken));
        Assert.InRange(counts.Sum(c => c.Broken), 4, 6);
        Assert.Contains("ends after 'pay' of shop with 2 of 3 usual steps", counts.SelectMany(c => c.Signs).First().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void AReleaseThatWordsALineAnewBreaksNothing()
    {
        var counts = new FlowPlay(FlowOptions.Live).Count(Orders(900, i => i < 600 ? ["cart", "pay", "ship"] : ["cart", "paid", "ship"]));

        Assert.Equal(0, counts.Sum(c => c.Broken));
        Assert.InRange(counts.Sum(c => c.Changed), 250, 300);
    }

    [Fact]
    public void AnErrorInThePlaceOfAStepIsNoReleaseThatWordsItAnew()
    {
        var counts = new FlowPlay(FlowOptions.Live).Count(Orders(900, i => i < 890 ? ["cart", "pay", "ship"] : ["cart", "pay", "ERROR lost"]));

        Assert.Equal(10, counts.Sum(c => c.Broken));
        Assert.Equal(0, counts.Sum(c => c.Changed));
    }

    [Fact]
    public void ARareWayIsBrokenWhereANewOneIsAChange()
    {
        var play = new FlowPlay(FlowOptions.Live);

        var counts = play.Count(Orders(1200, i => i % 150 == 20 ? ["cart", "pay", "refund", "ship"] : i >= 1190 ? ["cart", "pay", "gift", "ship"] : ["cart", "pay", "ship"]));

        Assert.InRange(counts.Where(c => c.Second < Some.At(3500) / 1_000_000_000).Sum(c => c.Broken), 2, 8);
        Assert.InRange(counts.Sum(c => c.Changed), 8, 12);
    }

    [Fact]
    public void WhatBeginsWhileSomethingIsWrongIsJudgedByWhatWasUsualBefore()
    {
        var orders = Orders(900, i => i < 300 ? ["cart", "pay", "ship"] : ["cart", "pay"]);

        var held = new FlowPlay(FlowOptions.Live) { WrongSince = Some.At(900) }.Count(orders);
        var learned = new FlowPlay(FlowOptions.Live).Count(orders);

        Assert.InRange(held.Sum(c => c.Broken), 590, 600);
        Assert.InRange(learned.Sum(c => c.Broken), 1, 60);
    }

    [Fact]
    public void ALineThatComesAMinuteLateIsNotMissed()
    {
        var lines = Orders(300, _ => ["cart", "pay", "ship"]).Select(l => l.Id == "ord-1250" && l.Step == "pay" ? l with { Arrival = l.Second + 60 } : l);

        Assert.Equal(0, new FlowPlay(FlowOptions.Live).Count(lines).Sum(c => c.Broken));
    }

    [Fact]
    public void WhenTheLogEndsNothingStops()
    {
        var play = new FlowPlay(FlowOptions.Live);

        var counts = play.Count(Orders(300, _ => ["cart", "pay", "ship"]).Where(l => l.Second < 897.5), isEnd: true);

        Assert.NotEqual(0, counts.Sum(c => c.Ended));
        Assert.Equal(0, counts.Sum(c => c.Broken));
    }

    [Fact]
    public void WhatWasOpenWhenNobodyListenedIsNotJudged()
    {
        var lines = Orders(400, _ => ["cart", "pay", "ship"]).Where(l => l.Second is < 898.2 or > 960);

        Assert.Equal(0, new FlowPlay(FlowOptions.Live).Count(lines, ticksEverySecond: false).Sum(c => c.Broken));
    }

    [Fact]
    public void ASnapshotGoesOnCountingAsIfNothingHadHappened()
    {
        var lines = Orders(500, i => i % 50 == 49 ? ["cart"] : ["cart", "pay", "ship"]).ToList();

        Assert.Equal(Show(new FlowPlay(FlowOptions.Live).Count(lines)), Show(new FlowPlay(FlowOptions.Live).Count(lines, restoreEach: 7)));
    }

    [Fact]
    public void MemoryIsBoundedByFollowingFewerIdsWhole()
    {
        var options = FlowOptions.Live with { MaxSessions = 1200, MaxNewPerSecond = 100_000, MaxRecordsPerSecond = 0 };
        var lines = Orders(30_000, _ => ["cart", "pay", "ship"], every: 0.02);
        var play = new FlowPlay(options);
        var most = 0;

        var counts = play.Count(lines, () => most = Math.Max(most, play.Stage.Sessions));

        Assert.InRange(most, 600, 1200);
        Assert.InRange(counts.Sum(c => c.Ended), 100, 20_000);
        Assert.InRange(counts.Sum(c => c.Broken), 0, counts.Sum(c => c.Ended) / 100);
    }

    private static string Show(IEnumerable<FlowCount> counts) => string.Join('\n', counts.Select(c =>
        $"{c.Kind:x} {c.Second} {c.Ended} {c.Broken} {c.Changed} {c.Slow} {string.Join('|', c.Signs.Select(s => $"{s.Way:x} {s.Count} {s.Text}"))}"));

    private static IEnumerable<FlowLine> Orders(int count, Func<int, string[]> steps, double every = 3) =>
        Enumerable.Range(0, count).SelectMany(i => steps(i).Select((step, s) => new FlowLine((i * every) + (s * 0.5), $"ord-{1000 + i}", step)));
}
