using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Exam.Scoring;
using Culprit.Engine;
using Culprit.Engine.RootCause;
using Culprit.Server.Analysis;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Tests.Exam;

public sealed class ExamPlayerTests
{
    [Theory]
    [InlineData(SpanForm.Complete)]
    [InlineData(SpanForm.None)]
    internal async Task PlayingWithoutFilesGivesWhatTheFilesGive(SpanForm form)
    {
        var folder = Directory.CreateTempSubdirectory("culprit-exam-").FullName;
        try
        {
            var exam = ExamCase.Quiet(1, TimeSpan.FromMinutes(3));
            TelemetryFolder.Write(exam, folder, form);
            var fromFiles = new AnalysisReport();
            using var analysis = new FileAnalysis(LogInputs.Expand([folder], out _), 1, "default", TimeProvider.System);
            await analysis.RunAsync(new Pipeline(new PipelineOptions(), 0, new RootCauseRanker(RunbookLibrary.Empty)), fromFiles.Add, null, null, TestContext.Current.CancellationToken);

            var (simulation, _) = exam.Prepare();
            using (simulation)
            {
                var player = new ExamPlayer(form, simulation.Start, FileQuestion.Incidents());
                FaultExam.Play(simulation, [player], DateTimeOffset.MaxValue);

                Assert.Equal(analysis.RecordsPlayed, player.Records);
                Assert.Equal(fromFiles.ByService, player.Report.ByService);
                Assert.Equal(fromFiles.ByLevel, player.Report.ByLevel);
                Assert.Equal(fromFiles.Incidents.Count(), player.Report.Incidents.Count());
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
