using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.RootCause;

namespace Culprit.Server.Analyst;

/// <summary>Answers a question about a stretch of time: by the ranker, and by the model when there is one.</summary>
internal sealed class Asking(StoredInquiry inquiry, IServiceProvider services)
{
    /// <summary>Environments that the model is asked about, those with the surest cause first.</summary>
    private const int MaxAnalyses = 3;

    /// <summary>Null when there are too many records.</summary>
    public async Task<Asked?> AskAsync(string question, InquiryRange range, string? environment, CancellationToken cancellationToken)
    {
        if (await inquiry.AskAsync(range, environment, null, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return null;
        }

        var answers = new List<AskedFinding>();
        var ranked = found.Findings.OrderByDescending(f => f.Cause.GetProperty("confidence").GetDouble()).ThenBy(f => f.Id, StringComparer.Ordinal);
        foreach (var (index, finding) in ranked.Index())
        {
            var analysis = index < MaxAnalyses && services.GetService<LlmAnalyst>() is { } analyst
                ? await analyst.AnalyseAsync(AnalystCase.Of(finding, question), cancellationToken).ConfigureAwait(false)
                : null;
            answers.Add(new AskedFinding(finding, analysis));
        }

        return new Asked(question, range, answers, found.Records);
    }
}

/// <param name="Records">Records that were read for it.</param>
internal sealed record Asked(string Question, InquiryRange Range, IReadOnlyList<AskedFinding> Findings, int Records);

/// <param name="Analysis">Null without a model.</param>
internal sealed record AskedFinding(IncidentFinding Finding, Analysis? Analysis)
{
    /// <summary>The answer in plain sentences; says when the model failed.</summary>
    public string InWords()
    {
        var ranker = JsonFields.Text(Finding.Cause, "root_cause");
        return Analysis switch
        {
            null => ranker,
            { Failure: { } reason } => $"{ranker} (By the ranker alone: {reason}.)",
            _ => $"{ranker} {AnalysisEvent.InWords(Analysis)}",
        };
    }
}
