using Culprit.Engine.Detection;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause.Changes;

public sealed class ChangeJudgeTests
{
    private const string Guilty = """
        @@ services/billing/vat.go @@
        -	if region.VatTable == nil { region.VatTable = defaultVatTable }
         	rate := region.VatTable.Lookup(country)
        """;

    private const string Innocent = """
        @@ services/billing/banner.go @@
        -	title := "Invoices"
        +	title := "Your invoices"
        """;

    [Fact]
    public void OfTwoCommitsInOneDeployTheOneThatTheErrorsSpeakOfIsBlamed()
    {
        var report = Rank(Broken()
            .Commit("aaa", -400, "tidy banner", Innocent, "services/billing/banner.go")
            .Commit("bbb", -500, "simplify vat table", Guilty, "services/billing/vat.go")
            .Carried("aaa", "billing", -120).Carried("bbb", "billing", -120));

        Assert.Equal("billing", report.Hypotheses[0].Service);
        Assert.Equal("bbb", report.Hypotheses[0].ChangeId);
    }

    [Fact]
    public void ACommitThatWasNeverDeployedIsNotBlamed()
    {
        var report = Rank(Broken()
            .Commit("bbb", -500, "simplify vat table", Guilty, "services/billing/vat.go")
            .Carried("zzz", "search", -300));

        Assert.Null(report.Hypotheses[0].ChangeId);
    }

    [Fact]
    public void DocumentationIsNotBlamed()
    {
        var report = Rank(Broken()
            .Commit("ccc", -200, "docs: vat table lookup", "+vat table lookup of a country", "docs/vat.md")
            .Carried("ccc", "billing", -100));

        Assert.Null(report.Hypotheses[0].ChangeId);
    }

    /// <summary>Who looks for growth looks at half an hour: its incident begins before the rise does, and before the deploy that brought it.</summary>
    [Theory]
    [InlineData(480, "bbb")]
    [InlineData(1200, null)]    // it was deployed long after memory began to rise
    public void WhatRisesBeganWhereItBendsAndNotWhereTheLookBegan(double deployed, string? expected)
    {
        var dossier = new SomeDossier().WithBaseline(60).Lasting(1800).OfType(AnomalyType.MemoryLeak)
            .Logs("billing", 400)
            .Metric("billing", "process_resident_memory_mb", 200, 480, at: 1800)
            .Commit("bbb", -500, "simplify vat table", Guilty, "services/billing/vat.go")
            .Carried("bbb", "billing", deployed)
            .Build();
        dossier = dossier with { Metrics = [.. dossier.Metrics.Select(m => m with { RisesSince = SomeDossier.DefaultStart.AddSeconds(470) })] };

        var report = new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier);

        Assert.Equal("billing", report.Hypotheses[0].Service);
        Assert.Equal(expected, report.Hypotheses[0].ChangeId);
    }

    [Fact]
    public void AnExpiredCertificateClearsEveryChange()
    {
        var report = Rank(new SomeDossier().WithBaseline(60)
            .Error("billing", "x509: certificate has expired or is not yet valid", 1, count: 40)
            .Change("abc", "billing", -60));

        Assert.All(report.Hypotheses, h => Assert.Null(h.ChangeId));
        Assert.Contains(report.RuledOut, r => r.StartsWith("every change: ", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatACommitOnlySaysCountsLessThanWhatItDoes()
    {
        var report = Rank(Broken()
            .Commit("ddd", -400, "reword", "-\treturn errors.New(\"nil\")\n+\treturn errors.New(\"invoice failed: nil vat table in lookup for country\")", "services/billing/errors.go")
            .Commit("bbb", -500, "simplify", Guilty, "services/billing/vat.go")
            .Carried("ddd", "billing", -120).Carried("bbb", "billing", -120));

        Assert.Equal("bbb", report.Hypotheses[0].ChangeId);
    }

    private static SomeDossier Broken() => new SomeDossier().WithBaseline(60)
        .Error("billing", "invoice 17 failed: nil vat table in lookup for country DE", 0, count: 40)
        .Logs("search", 500);

    private static RootCauseReport Rank(SomeDossier dossier) => new RootCauseRanker(RunbookLibrary.Empty).Rank(dossier.Build());
}
