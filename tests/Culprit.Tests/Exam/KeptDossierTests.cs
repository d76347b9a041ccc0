using System.Text.Json;
using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Scoring;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Exam;

public sealed class KeptDossierTests
{
    public static TheoryData<string> All => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void KeptEvidenceIsRankedAsItWas(string scenario)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-kept").FullName;
        try
        {
            var ranker = new RootCauseRanker(RunbookLibrary.Empty);
            var dossier = Scenarios.Named(scenario).Build();

            KeptDossier.Write(folder, "case", [new KeptDossier([Label()], SpanForm.None, dossier)]);
            var kept = Assert.Single(KeptDossier.Read(folder));

            Assert.Equal(JsonSerializer.Serialize(ranker.Rank(dossier)), JsonSerializer.Serialize(ranker.Rank(kept.Dossier)));
            Assert.True(kept.Score(ranker).IsTold);
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
        IsClearlyVisible = true,
    };
}
