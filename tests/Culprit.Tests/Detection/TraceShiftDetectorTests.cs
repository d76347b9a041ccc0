using Culprit.Engine.Detection;
using Culprit.Engine.Detection.TraceShift;
using Culprit.Tests.Support;

namespace Culprit.Tests.Detection;

public class TraceShiftDetectorTests
{
    /// <summary>Scores of one service in every look from the fifth minute on: is it found?</summary>
    [Theory]
    [InlineData(0.5, 0.5, false)]
    [InlineData(4, 4, true)]
    [InlineData(4, 0, false)]       // one look alone
    [InlineData(20, 0, true)]       // one look, and no doubt
    public void WhatIsFound(double first, double then, bool isFound)
    {
        var looks = 0;

        var found = Play(_ => [new TraceSign("shop", false, 1, looks++ == 0 ? first : then, 20, "20 of 20 requests break off")]);

        Assert.Equal(isFound, found.Count > 0);
        Assert.All(found, a => Assert.Equal((AnomalyType.ErrorSpike, "shop"), (a.Type, a.Services[0])));
    }

    [Fact]
    public void WhatIsLeftOutIsNoError()
    {
        var found = Play(_ => [
            new TraceSign("shop", false, 1, 6, 20, "the call is missing") { IsLeftOut = true }, new TraceSign("shop", false, 1, 5, 20, "requests break off")]);

        Assert.Equal(AnomalyType.Unknown, Assert.Single(found).Type);
    }

    [Fact]
    public void SignsThatAgreeAddUp()
    {
        var found = Play(_ => [
            new TraceSign("shop", true, 1, 1.6, 20, "calls take longer on the way"), new TraceSign("shop", true, 0.5, 2.2, 20, "than those of others"),
            new TraceSign("shop", false, 0.5, 1.8, 20, "more errors"), new TraceSign("cart", false, 1, 1.6, 20, "requests break off"),
        ]);

        var anomaly = Assert.Single(found);
        Assert.Equal(AnomalyType.LatencySpike, anomaly.Type);
        Assert.Equal("shop", anomaly.Services[0]);
    }

    /// <summary>Highest score by chance in quiet looks, then a steady one: what a service often scores says nothing of it.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(2.5, false)]
    public void ScoresMustBeRareForTheServiceItself(double usual, bool isFound)
    {
        var noise = new SomeTraffic(3);

        var found = Play(begin => [new TraceSign("shop", false, 1, begin < Some.At(1200) ? usual * noise.Next() : 5.5, 20, "5 of 9 requests break off")], from: 0, until: 1320);

        Assert.Equal(isFound, found.Count > 0);
    }

    /// <summary>A score beyond the limit in one look of ten seconds, and what the next one finds.</summary>
    [Theory]
    [InlineData(0.5, false)]
    [InlineData(2.5, true)]     // still there, if not as clear
    public void AnotherLookMustAgree(double next, bool isFound)
    {
        var found = Play(
            begin => [new TraceSign("shop", false, 1, begin < Some.At(260) ? 6 : next, 20, "5 of 9 requests break off")], from: 300, until: 320);

        Assert.Equal(isFound, found.Count > 0);
    }

    [Fact]
    public void OnlyTheServicesNamedAreKeptOpen()
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var open = new HashSet<string>();
        for (var s = 0; s < 400; s++)
        {
            set.Observe(SomeTraffic.Digest(s, "shop", 5, 0));
            set.Judge(Some.At(s), (_, _) => s >= 300 ? [new TraceSign("shop", false, 1, 20, 20, "all requests break off")] : []);
            set.Settle((service, _) => open.Add(service));
        }

        Assert.Equal(["shop"], open);
    }

    /// <summary>What two requests show in three ways is little.</summary>
    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void TwoRequestsAreAnAnecdote(int requests, bool isFound)
    {
        var found = Play(_ => [
            new TraceSign("shop", false, 1, 4, requests, "an error status comes"), new TraceSign("shop", false, 0.5, 4, requests, "requests report an error"),
            new TraceSign("shop", true, 0.5, 4, requests, "it took longer"),
        ]);

        Assert.Equal(isFound, found.Count > 0);
    }

    [Fact]
    public void WithoutHistoryNothingIsSaid() =>
        Assert.Empty(Play(_ => [new TraceSign("shop", false, 1, 30, 20, "all fail")], from: 0, until: 60));

    private static List<Anomaly> Play(Func<long, IReadOnlyList<TraceSign>> signs, int from = 300, int until = 400)
    {
        var set = new DetectorSet("production", new DetectorOptions(), TimeSpan.FromMinutes(2));
        var found = new List<Anomaly>();
        for (var s = 0; s < until; s++)
        {
            set.Observe(SomeTraffic.Digest(s, "shop", 5, 0));
            set.Observe(SomeTraffic.Digest(s, "cart", 5, 0));
            found.AddRange(set.Judge(Some.At(s), (begin, _) => s >= from ? signs(begin) : []));
            set.Settle((_, _) => { });
        }

        return found;
    }
}
