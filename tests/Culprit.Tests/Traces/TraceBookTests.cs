using Culprit.Engine.Records;
using Culprit.Engine.Traces;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Traces;

public sealed class TraceBookTests
{
    [Fact]
    public void LinesAloneMakeATraceOfTheServicesThatShareItsId()
    {
        var book = new TraceBook();
        Say(book, "t1", "web", 1, 0.0);
        Say(book, "t1", "orders", 2, 0.1);
        Say(book, "t1", "web", 3, 0.2);

        book.Tick(Some.At(60));

        var trace = Assert.Single(book.Kept);
        Assert.Equal(["web", "orders"], trace.Nodes.Select(n => book.Index.ServiceOf(n.Operation)));
        Assert.Equal([1], trace.Nodes[0].Children);
    }

    [Fact]
    public void ATraceThatStillSpeaksStaysOpen()
    {
        var book = new TraceBook();
        Say(book, "t1", "web", 1, 0);
        book.Tick(Some.At(8));
        Say(book, "t1", "web", 2, 8);

        book.Tick(Some.At(12));

        Assert.Empty(book.Kept);
    }

    [Fact]
    public void WhatFindsNoRoomIsCountedAndTheBookStaysBounded()
    {
        var book = new TraceBook();
        for (var i = 0; i < TraceBook.MaxOpen + 5; i++)
        {
            Say(book, $"t{i}", "web", 1, 0);
        }

        Assert.Equal(5, book.Dropped);
    }

    [Fact]
    public void ATraceThatIsOpenWhenSamplingBeginsIsFollowedToItsEnd()
    {
        var book = new TraceBook();
        var rounds = 0;
        for (; book.SampleBits == 0 && rounds < 10; rounds++)
        {
            for (var i = 0; i < TraceBook.MaxOpen - 100; i++)
            {
                book.ObserveSpan(BitConverter.GetBytes((rounds * TraceBook.MaxOpen) + i), "1"u8, [], "web", "GET /"u8, Some.At(12 * rounds), 1e6, false);
            }

            SayAll((12 * rounds) + 9);
            book.Tick(Some.At((12 * rounds) + 11));
        }

        SayAll(12 * rounds);
        book = TraceBookSnapshot.Load(TraceBookSnapshot.Save(book))!;
        SayAll(12 * rounds);

        Assert.True(book.SampleBits > 0);
        Assert.Equal(64, book.Open.Count);
        Assert.All(book.Open.Values, t => Assert.Equal(rounds + 2, t.Lines.Count));

        void SayAll(double at) => Enumerable.Range(0, 64).ToList().ForEach(i => Say(book, $"long{i}", "web", 1, at));
    }

    [Theory]
    [InlineData(int.MaxValue, 300, 100)]
    [InlineData(50, 50, 50)]
    public void TheTracesOfAWindowAndThoseBeforeItAreSplitAndThinned(int maxNodes, int before, int now)
    {
        var book = new TraceBook();
        for (var i = 0; i < 400; i++)
        {
            Say(book, $"t{i}", "web", 1, i);
            book.Tick(Some.At(i));
        }

        book.CloseAll();
        var split = book.Split(Some.At(300), Some.At(399), maxNodes);

        Assert.Equal((before, now), (split.Before.Count, split.Now.Count));
        Assert.All(split.Before, t => Assert.True(t.StartNanos < Some.At(300)));
        Assert.All(split.Now, t => Assert.True(t.StartNanos >= Some.At(300)));
    }

    [Theory]
    [InlineData("o.s.OrderService#41 [place] done", "o.s.OrderService#41")]
    [InlineData("panic in middleware/ratelimit.go:38 (Allow)", "middleware/ratelimit.go:38")]
    [InlineData("connected to redis.prod:6379", "")]
    [InlineData("order #4711 placed", "")]
    [InlineData("at 12:30:15 started", "")]
    public void ThePlaceInTheCodeIsRead(string message, string place)
    {
        var found = CodePosition.Find(System.Text.Encoding.UTF8.GetBytes(message));

        Assert.Equal(place, System.Text.Encoding.UTF8.GetString(found));
    }

    [Fact]
    public void TheSameShareIsNoShiftAndASurerOneWeighsMore()
    {
        Assert.Equal(0, ProportionShift.Root(10, 100, 10, 100), 1);
        Assert.True(ProportionShift.Root(0, 50, 20, 20) > ProportionShift.Root(0, 5, 2, 2));
        Assert.True(ProportionShift.Root(50, 50, 0, 20) < -5);
        Assert.True(ProportionShift.Weighed(100, 1000, 160, 1000) < ProportionShift.Root(100, 1000, 160, 1000) / 5);
    }

    private static void Say(TraceBook book, string trace, string service, ulong pattern, double at) =>
        book.ObserveLine(Some.Batch(1, Some.Log(at, service, "said") with { TraceId = trace })[0], service, new PatternId(pattern), Some.At(at));
}
