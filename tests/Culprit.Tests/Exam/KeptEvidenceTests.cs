using System.Text.Json;
using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Scoring;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Exam;

public sealed class KeptEvidenceTests
{
    public static TheoryData<string> All => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void IsRankedAsItWas(string scenario)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-kept").FullName;
        try
        {
            var ranker = new RootCauseRanker(RunbookLibrary.Empty);
            var dossier = Scenarios.Named(scenario).Build();

            KeptEvidence.Write(folder, "case", [new KeptEvidence([Label()], SpanForm.None, IsTold: true, [dossier])]);
            var kept = Assert.Single(KeptEvidence.Read(folder));

            Assert.Equal(JsonSerializer.Serialize(ranker.Rank(dossier)), JsonSerializer.Serialize(ranker.Rank(Assert.Single(kept.Dossiers))));
            Assert.True(Assert.Single(kept.Score(ranker)).IsTold);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FaultLabel Label() => new()
    {
        CaseId = "case",
        Fault = "bad-deploy",
        Strength = 3,
        Seed = 1,
        Start = SomeDossier.DefaultStart,
        End = SomeDossier.DefaultStart.AddMinutes(15),
        RootCause = "orders",
        Also = [],
        Change = "none",
        AnomalyTypes = [],
        AffectedServices = [],
        RedHerrings = [],
        ExposedCalls = 0,
        AffectedCalls = 0,
        FirstAffectedCall = null,
        IsClearlyVisible = true,
    };
}
