using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Changes;
using Culprit.Engine.Topology;
using Culprit.Engine.Traces;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

/// <summary>Who is believed, and how much of the trouble an accusation takes with it.</summary>
public sealed class BlameRulesTests
{
    [Fact]
    public void AFewDroppedConnectionsDoNotExplainHundredsOfFailedCalls()
    {
        var report = Rank(new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("booking", "read from bookings-db:5432: connection reset by peer", 40, count: 3, severity: Severity.Warn)
            .Error("web", "call of booking (GET /bookings): context deadline exceeded", 0, count: 140)
            .Error("partner", "call of booking (GET /bookings): context deadline exceeded", 1, count: 130));

        Assert.Equal("booking", report.Hypotheses[0].Service);
    }

    [Fact]
    public void AsManyFailuresAsItsCallersTellOfAreExplained()
    {
        var report = Rank(new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("booking", "query on bookings-db:5432 failed: connection refused", 0, count: 270)
            .Error("web", "GET /web failed: booking:8080 answered 500 Internal Server Error", 0, count: 140)
            .Error("partner", "GET /partner failed: booking:8080 answered 500 Internal Server Error", 1, count: 130));

        Assert.Equal("bookings-db", report.Hypotheses[0].Service);
    }

    [Fact]
    public void FailingRequestsSpeakAgainstWhomTheirServiceBlames()
    {
        var dossier = new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("booking", "query on bookings-db:5432 failed: connection refused", 0, count: 270).Build() with
        {
            Traces = [new TraceFinding("booking", TraceFindingKind.Blame, 9, "booking works otherwise")],
            TracesSeen = 500,
        };

        Assert.Equal("bookings-db", new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier).Hypotheses[0].Service);
    }

    [Fact]
    public void WhoShowsAnExpiredCertificateNeedNotKnowIt()
    {
        var report = Rank(new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("web", "GET https://wallet/balance: x509: certificate has expired or is not yet valid", 0, count: 80)
            .Logs("wallet", 900));

        Assert.Equal("wallet", report.Hypotheses[0].Service);
    }

    [Fact]
    public void AnEmptyPoolIsFirstTheTroubleOfItsOwner()
    {
        var report = Rank(new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("orders", "HikariPool-1 - Connection is not available, request timed out after 3000ms (database)", 0, count: 110)
            .Error("web", "GET /web failed: orders:8080 answered 500 Internal Server Error", 1, count: 110));

        Assert.Equal("orders", report.Hypotheses[0].Service);
    }

    [Theory]
    [InlineData("lower orders.client.timeout to 25 ms", "orders")]
    [InlineData("raise orders.page-size to 25", "stock")]
    public void WhoWasJustToldToWaitLessIsDoubtedWhenItComplainsOfTimeouts(string setting, string expected)
    {
        var dossier = new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("orders", "call of stock (GET /stock): context deadline exceeded", 1, count: 60)
            .Error("stock", "client went away before the answer was ready: broken pipe", 2, count: 30, severity: Severity.Warn)
            .Error("web", "GET /web failed: orders:8080 answered 500 Internal Server Error", 1, count: 60).Build();
        dossier = dossier with
        {
            Changes = [new ChangeEvidence("c1", "configuration", "orders", SomeDossier.DefaultStart.AddSeconds(-2), setting)],
        };

        Assert.Equal(expected, new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier).Hypotheses[0].Service);
    }

    [Fact]
    public void SharedIdsDoNotMakeACallerExplainWhoItComplainsOf()
    {
        var dossier = new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("catalog", "price table is inconsistent", 0, count: 60)
            .Error("web", "GET /web failed: catalog:8080 answered 500 Internal Server Error", 0, count: 60).Build();
        dossier = dossier with
        {
            Edges = [new ServiceEdge("catalog", "web", EdgeSource.SharedTrace, 0.6, "catalog spoke right before and after web")],
        };

        var report = new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier);

        Assert.Equal("catalog", report.Hypotheses[0].Service);
        Assert.DoesNotContain(report.Hypotheses.SelectMany(h => h.For), e => e.Text.StartsWith("catalog depends on it", StringComparison.Ordinal));
    }

    [Fact]
    public void TheWitnessOfACauseThatWasNeverSeenStaysAnAlternative()
    {
        var report = Rank(new SomeDossier().WithBaseline(60).Lasting(600)
            .Error("booking", "query on bookings-db:5432 failed: connection refused", 0, count: 270));

        Assert.Equal(["bookings-db", "booking"], report.Hypotheses.Select(h => h.Service));
    }

    [Fact]
    public void ARestartThatFollowsTheTroubleAsACrashIsClearedWithTheReason()
    {
        var report = Rank(Broken(isCrash: true));

        Assert.Null(report.Hypotheses[0].ChangeId);
        Assert.Contains(report.RuledOut, r => r.Contains("log-1", StringComparison.Ordinal) && r.Contains("nothing says that anybody stopped it", StringComparison.Ordinal));
        Assert.Equal("log-1", Assert.Single(report.SeenChanges).Id);
    }

    [Fact]
    public void ARestartOnPurposeRightBeforeTheTroubleIsBlamed() =>
        Assert.Equal("log-1", Rank(Broken(isCrash: false)).Hypotheses[0].ChangeId);

    [Fact]
    public void ACommitTakesEffectWhenItsServiceSaysThatItRunsSomethingNew()
    {
        var dossier = new SomeDossier().WithBaseline(60)
            .Error("billing", "invoice 17 failed: nil vat table in lookup for country DE", 0, count: 40)
            .Commit("bbb", -7200, "simplify vat table", "-\tif region.VatTable == nil { region.VatTable = defaultVatTable }\n+\tlookup(region.VatTable, country)", "services/billing/vat.go").Build();
        var deploy = new ChangeEvidence("log-2", ChangeKind.Deploy, "billing", SomeDossier.DefaultStart.AddSeconds(-40), "billing runs 2.4.1") { Source = ChangeEvidence.Logs };
        var ranker = new RootCauseRanker(RunbookLibrary.Empty);

        Assert.Null(ranker.Rank(dossier).Hypotheses[0].ChangeId);
        Assert.Equal("bbb", ranker.Rank(dossier with { Changes = [.. dossier.Changes, deploy] }).Hypotheses[0].ChangeId);
    }

    private static Dossier Broken(bool isCrash)
    {
        var dossier = new SomeDossier().WithBaseline(60).Error("billing", "invoice 17 failed: nil vat table", 0, count: 40).Logs("search", 500).Build();
        var restart = new ChangeEvidence("log-1", ChangeKind.Restart, "billing", SomeDossier.DefaultStart.AddSeconds(-30), "billing was restarted")
        {
            Source = ChangeEvidence.Logs,
            IsCrash = isCrash,
        };
        return dossier with { Changes = [restart] };
    }

    private static RootCauseReport Rank(SomeDossier dossier) => Rank(dossier.Build());

    private static RootCauseReport Rank(Dossier dossier) => new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier);
}
