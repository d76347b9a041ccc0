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

    [Fact]
    public void ACallerThatStopsWithAComplaintOfItsOwnKeepsTheBlame()
    {
        var traces = new SomeTraces().Requests(0, 40).Requests(100, 20, s => s == "orders" ? 4 : SomeTraces.Usual(s), stops: "stock");

        Assert.Equal("orders", Strongest(traces.Compare(100, 200), TraceFindingKind.Blame).Service);
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
}
