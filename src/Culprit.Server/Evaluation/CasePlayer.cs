using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Evaluation;
using Culprit.Engine.RootCause;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;
using Culprit.Server.Analyst;
using Culprit.Server.Http;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Server.Evaluation;

/// <summary>Plays one case's telemetry through the engine, which never sees the label, and scores what it says.</summary>
/// <param name="isTold">The engine is told the time of the fault and ranks its causes; else it must find the incident by itself.</param>
/// <param name="lead">Time before the labelled start at which a detection still counts.</param>
/// <param name="tail">Time after the labelled end at which a detection still counts.</param>
/// <param name="analyst">Explains what the ranker found, from its evidence alone; null for none.</param>
internal sealed class CasePlayer(
    PipelineOptions options, RootCauseRanker ranker, bool isTold, TimeSpan lead, TimeSpan tail, LlmAnalyst? analyst, TimeProvider clock)
{
    /// <summary>A case that cannot be read whole is not scored: figures of half the evidence would mislead.</summary>
    public async Task<CaseScore> PlayAsync(EvalCase one, CancellationToken cancellationToken)
    {
        var inputs = Telemetry(one.Folder);
        if (inputs.Count == 0)
        {
            return new CaseScore { Case = one.Label, Problem = $"{one.Folder}: there is no logs, metrics, traces or changes as .jsonl (or .jsonl.gz)" };
        }

        var began = clock.GetTimestamp();
        var question = isTold ? FileQuestion.Cause(new InquiryRange(one.Label.Start, one.Label.End)) : FileQuestion.Incidents();
        var pipeline = new Pipeline(question.Configure(options), journalId: 0, ranker);
        var report = new AnalysisReport();
        using var analysis = new FileAnalysis(inputs, Environment.ProcessorCount, "default", clock);
        await analysis.RunAsync(pipeline, e => report.Add(question.Select(e)), null, question.Until, cancellationToken).ConfigureAwait(false);
        question.Conclude(pipeline, report);
        if (Problem(analysis) is { } problem)
        {
            return new CaseScore { Case = one.Label, Problem = problem };
        }

        var incidents = report.Incidents.Select(ToReported).ToList();
        var score = isTold ? CaseScore.Told(one.Label, incidents) : CaseScore.Found(one.Label, incidents, lead, tail);
        score = score with { Took = clock.GetElapsedTime(began) };
        return analyst is not null && Scored(one.Label, report.Incidents) is { Cause.ValueKind: JsonValueKind.Object } finding
            ? score with { Model = await AskAsync(analyst, one.Label, finding, cancellationToken).ConfigureAwait(false) }
            : score;
    }

    /// <summary>The incident that counts, as <see cref="CaseScore"/> chooses it.</summary>
    private IncidentFinding? Scored(LabelledCase label, IEnumerable<IncidentFinding> findings) => isTold
        ? findings.FirstOrDefault()
        : findings.Where(f => DetectedAt(f) >= label.Start - lead && DetectedAt(f) <= label.End + tail).MinBy(DetectedAt);

    private static async Task<ModelScore> AskAsync(LlmAnalyst analyst, LabelledCase label, IncidentFinding finding, CancellationToken cancellationToken)
    {
        var analysis = await analyst.AnalyseAsync(AnalystCase.Of(finding), cancellationToken).ConfigureAwait(false);
        var isRight = analysis.Verdict is { } verdict
            && new ReportedIncident(default, [new ReportedCause(verdict.Service, verdict.Confidence, verdict.Change)], false).RankOf([.. label.RootCauses]) == 1;
        return new ModelScore(
            isRight, analysis is { Failure: null, Verdict: null }, analysis.Failure, analysis.Claims.Count, analysis.Dropped.Count,
            analysis.Usage.InputTokens, analysis.Usage.OutputTokens, analysis.Usage.Seconds, analysis.Usage.Cost);
    }

    /// <summary>The folder's own telemetry and nothing else: notes that lie beside it may hold the answer.</summary>
    private static List<LogInput> Telemetry(string folder) =>
    [
        .. LogInputs.Expand([folder], out _).Where(i =>
            Path.GetDirectoryName(i.Path) == folder && Path.GetFileName(i.Path).Split('.')[0] is "logs" or "metrics" or "traces" or "changes"),
    ];

    private static string? Problem(FileAnalysis analysis)
    {
        foreach (var reader in analysis.Readers)
        {
            if (reader.Problem is { } problem)
            {
                return problem;
            }

            if (reader.Report is { UnparsedLines: > 0 } report)
            {
                return $"{reader.Input.Path}: {report.UnparsedLines} of {report.Lines} lines cannot be read, such as {string.Join("; ", report.Examples.Take(1))}";
            }
        }

        return null;
    }

    private static ReportedIncident ToReported(IncidentFinding finding)
    {
        List<ReportedCause> causes = [];
        var isAbstained = true;
        if (finding.Cause.ValueKind == JsonValueKind.Object)
        {
            causes = [.. finding.Cause.GetProperty("hypotheses").EnumerateArray().Select(ToCause)];
            isAbstained = finding.Cause.GetProperty("abstained").GetBoolean();
        }

        return new ReportedIncident(DetectedAt(finding), causes, isAbstained);
    }

    private static DateTimeOffset DetectedAt(IncidentFinding finding) => finding.State.GetProperty("detected_at").GetDateTimeOffset();

    private static ReportedCause ToCause(JsonElement json) => new(
        json.GetProperty("service").GetString() ?? string.Empty,
        json.GetProperty("confidence").GetDouble(),
        json.GetProperty("change_id").GetString())
    {
        Resource = JsonFields.TextOrNull(json, "resource"),
    };
}
