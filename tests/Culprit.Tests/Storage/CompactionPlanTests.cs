using Culprit.Engine.Records;
using Culprit.Server.Storage.Embedded;
using Xunit;

namespace Culprit.Tests.Storage;

public sealed class CompactionPlanTests
{
    private static readonly EmbeddedStoreOptions Options = new() { MaxMergedRows = 1000 };
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    [Fact]
    public void EightOfAKindAreMergedAndSevenAreNot()
    {
        Assert.Empty(Next(Segments(7)));
        Assert.Equal(8, Next(Segments(8)).Count);
    }

    [Fact]
    public void ALargeNeighbourIsNotRewrittenForAFewSmallOnes()
    {
        Segment[] segments = [Segment(0, 300), .. Segments(8, from: 1)];

        Assert.Equal(segments[1..], Next(segments));
        Assert.Empty(Next(segments[..8]));
    }

    [Fact]
    public void SmallSegmentsDoNotWaitForALargeOneThatFollows()
    {
        Segment[] segments = [.. Segments(8), Segment(8, 300)];

        Assert.Equal(segments[..8], Next(segments));
    }

    [Fact]
    public void FullSegmentsStayAndSeparateTheirNeighbours() =>
        Assert.Empty(Next([.. Segments(7), Segment(7, 334), .. Segments(7, from: 8)]));

    [Fact]
    public void AMergeFillsASegmentAndNoMore() =>
        Assert.Equal(10, Next([.. Enumerable.Range(0, 20).Select(i => Segment(i, 100))]).Count);

    [Fact]
    public void ClassesAndDaysAreNotMixed()
    {
        var midnight = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
        Assert.Empty(Next([.. Segments(8).Select((s, i) => s with { RetentionClass = i % 2 == 0 ? "7d" : "default" })]));
        Assert.Empty(Next(
            [.. Segments(8).Select((s, i) => s with { ReceivedNanos = UnixNanos.From(midnight.AddMinutes(i - 4)) })], midnight.AddMinutes(5)));
    }

    [Fact]
    public void WhatIsLeftOfADayIsMergedWhenItIsOver()
    {
        var segments = Segments(3);

        Assert.Empty(Next(segments, Now));
        Assert.Equal(segments, Next(segments, Now.AddHours(19).AddMinutes(6)));
        Assert.Empty(Next(segments[..1], Now.AddDays(3)));
    }

    [Fact]
    public void ShortRetentionHasShortWindows()
    {
        Segment[] segments = [.. Segments(32).Select((s, i) => s with { RetentionClass = "1h", ReceivedNanos = UnixNanos.From(Now.AddSeconds(10 * i)) })];

        var chosen = Next(segments);
        Assert.InRange(chosen.Count, 8, 12);
        Assert.InRange(chosen[^1].ReceivedNanos - chosen[0].ReceivedNanos, 0, UnixNanos.From(TimeSpan.FromMinutes(2)));
    }

    private static IReadOnlyList<Segment> Next(IEnumerable<Segment> segments, DateTimeOffset? now = null) =>
        CompactionPlan.Next(segments, Options, c => c == "1h" ? TimeSpan.FromHours(1) : TimeSpan.FromDays(32), now ?? Now);

    private static Segment[] Segments(int count, int from = 0) => [.. Enumerable.Range(from, count).Select(i => Segment(i, 10))];

    private static Segment Segment(int number, long rows) => new(
        Culprit.Server.Storage.Embedded.Segment.NameOf(number, number, 0), "default", number, number, 0, 0, rows, 0, 100, UnixNanos.From(Now), 20);
}
