using Culprit.Engine.Traces;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Traces;

public sealed class TraceComparisonTests
{
    [Fact]
    public void RequestsThatGoAsBeforeBlameNobody()
    {
        var findings = new SomeTraces().Requests(0, 40).Requests(100, 40).Compare(100, 200);

        Assert.DoesNotContain(findings, f => f.Score >= 1);
    }

    [Fact]
    public void AMissingStepIsBlamedOnTheDeepestServiceThatMissesIt()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "stock" ? 0 : SomeTraces.Usual(s));

        var best = Strongest(traces.Compare(100, 200), TraceFindingKind.Blame);

        Assert.Equal("stock", best.Service);
        Assert.Contains("\"stock reserved\" is missing in 20 of 20 requests, before in 0 of 40", best.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ACallerThatOnlyPassesAFailureOnIsNotBlamed()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "orders" || s == "stock" ? 4 : 3);

        var blamed = traces.Compare(100, 200).Where(f => f.Kind == TraceFindingKind.Blame && f.Score >= 1);

        Assert.Equal("stock", Assert.Single(blamed).Service);
    }

    [Fact]
    public void WhenACallerStopsAfterAnAnswerTheAnswerIsBlamed()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, stops: "stock");

        var best = Strongest(traces.Compare(100, 200), TraceFindingKind.Blame);

        Assert.Equal("stock", best.Service);
        Assert.Contains("orders does not go on as before", best.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, false)]      // four requests may do so by chance
    [InlineData(20, true)]
    public void ACallThatIsLeftOutIsToldOnceItIsClear(int requests, bool isTold)
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, requests, stops: "stock");

        var calls = traces.LeftOutCalls(100, 200);

        Assert.Equal(isTold, calls.Count > 0);
        Assert.All(calls, c => Assert.Equal("orders", c.Service));
        Assert.All(calls, c => Assert.Contains("prices is missing in 20 of 20 requests to orders, before in 0 of 40", c.Text, StringComparison.Ordinal));
    }

    /// <summary>Spans come and lines do not: the host may ship its lines late.</summary>
    [Fact]
    public void WhereNoLineCameItMayBeLate()
    {
        var silent = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "stock" ? 0 : SomeTraces.Usual(s));
        var changed = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "stock" ? 4 : SomeTraces.Usual(s));

        Assert.True(Strongest(silent.Compare(100, 200), TraceFindingKind.Blame).MayBeLate);
        Assert.False(Strongest(changed.Compare(100, 200), TraceFindingKind.Blame).MayBeLate);
    }

    [Fact]
    public void ACallerThatStopsWithAComplaintOfItsOwnKeepsTheBlame()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "orders" ? 4 : SomeTraces.Usual(s), stops: "stock");

        Assert.Equal("orders", Strongest(traces.Compare(100, 200), TraceFindingKind.Blame).Service);
    }

    [Fact]
    public void ALineThatNamesAFailingServiceIsLittleEvidenceAgainstItsSpeaker()
    {
        var innocent = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "orders" ? 5 : SomeTraces.Usual(s), error: "stock");
        var guilty = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "orders" ? 4 : SomeTraces.Usual(s));

        Assert.True(Points(innocent, "orders") < Points(guilty, "orders") / 2);
        Assert.Equal("stock", Strongest(innocent.Compare(100, 200), TraceFindingKind.Errors).Service);

        static double Points(SomeTraces traces, string service) =>
            traces.Compare(100, 200).Where(f => f.Service == service && f.Kind is TraceFindingKind.Blame or TraceFindingKind.Errors).Sum(f => f.Score);
    }

    [Theory]
    [InlineData(200, 10, "Database", "waited")]
    [InlineData(10, 200, "None", "itself took")]
    [InlineData(200, 200, "None", "")]      // who is slow in all that it does is slow itself
    public void ASlowQueryIsTimeOfWhoeverAnswersIt(double queryMs, double renderMs, string waitsFor, string how)
    {
        var slow = Strongest(new SomeTraces().Queries(0, 60, 10, 10).Queries(100, 40, queryMs, renderMs).Compare(100, 200), TraceFindingKind.Self);

        Assert.Equal(("orders", waitsFor), (slow.Service, slow.WaitsFor.ToString()));
        Assert.Contains(how, slow.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void TimeLostOnTheWayToAServiceIsItsOwn()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, wayMs: s => s == "prices" ? 40 : 1);

        var findings = traces.Compare(100, 200);

        Assert.Equal("prices", Strongest(findings, TraceFindingKind.Gap).Service);
        Assert.Equal("prices", Strongest(findings, TraceFindingKind.Peer).Service);
    }

    [Fact]
    public void AnotherMixOfRequestsIsNoFinding()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(50, 4, stops: "stock").Requests(100, 40).Requests(150, 4, stops: "stock");

        Assert.DoesNotContain(traces.Compare(100, 300), f => f.Score >= 1);
    }

    [Fact]
    public void ASnapshotKeepsEveryFinding()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, stops: "stock", error: "orders");
        var expected = traces.Compare(100, 200);

        Assert.Equal(expected, traces.Restored().Compare(100, 200));
        Assert.NotEmpty(expected);
    }

    private static TraceFinding Strongest(IEnumerable<TraceFinding> findings, TraceFindingKind kind) =>
        findings.Where(f => f.Kind == kind).MaxBy(f => f.Score)!;

    /// <summary>Traces that are remembered as counts only: a step that nine of ten requests always took blames nobody when all take it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void WhatIsNoLongerKeptBlamesNobody(int timesForgotten)
    {
        var traces = new SomeTraces().Requests(0, 270).Requests(270, 30, line: s => s == "stock" ? 0 : SomeTraces.Usual(s));
        for (var i = 0; i < timesForgotten; i++)
        {
            foreach (var trace in traces.Book.Kept)
            {
                traces.Book.Past.Add(trace);
            }
        }

        var found = traces.Requests(400, 60).Compare(400, 460);

        Assert.DoesNotContain(found, f => f.Kind == TraceFindingKind.Blame && f.Score > 1);
    }
}
