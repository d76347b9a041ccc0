using Culprit.Server.Redaction;

namespace Culprit.Server.Analyst;

/// <summary>Turns a model's answer into an analysis: claims are checked, the verdict must be a candidate that a kept claim is about.</summary>
internal sealed class AnswerJudge(AnalystCase @case, EvidenceBook book, Redactor redactor)
{
    /// <summary>Model, usage and transcript are for the caller to fill in.</summary>
    public Analysis Judge(AnalystAnswer answer)
    {
        var check = new ClaimCheck(Names());
        var kept = new List<KeptClaim>();
        var dropped = new List<DroppedClaim>();
        foreach (var said in answer.Claims)
        {
            var claim = said with { Text = redactor.Restore(said.Text) };
            if (check.Check(claim, book, out var problem) is { } evidence)
            {
                kept.Add(new KeptClaim(claim.Text, evidence));
            }
            else
            {
                dropped.Add(new DroppedClaim(claim.Text, problem));
            }
        }

        var verdict = @case.Candidates.FirstOrDefault(c => c.Id == answer.Verdict);
        var failure = kept.Count == 0 ? "none of the model's claims was borne out by its evidence"
            : verdict is null && answer.Verdict != AnalystAnswer.Unknown ? "the model blamed something that is no candidate"
            : null;
        var about = verdict is null ? [] : kept.Where(c => IsAbout(c, verdict)).ToList();
        if (verdict is not null && about.Count == 0)
        {
            dropped.Add(new DroppedClaim("verdict " + verdict.Service, "no claim that stands is about it"));
            verdict = null;
        }

        var summary = redactor.Restore(answer.Summary).Trim();
        var all = kept.SelectMany(c => c.Evidence).Distinct().ToList();
        if (summary.Length > 0 && check.Problem(summary, all) is { } wrong)
        {
            dropped.Add(new DroppedClaim(summary, wrong));
            summary = "";
        }

        return new Analysis
        {
            Model = "",
            Failure = failure,
            Verdict = failure is null ? verdict : null,
            Summary = failure is null ? summary : "",
            Claims = failure is null ? kept : [],
            Dropped = dropped,
            RestsOn = about.SelectMany(c => c.Evidence).Select(e => e.Writer).Distinct().ToList() is [{ } only] ? only : null,
            Usage = new AnalysisUsage(0, 0, 0, 0, null),
            Transcript = [],
        };
    }

    private static bool IsAbout(KeptClaim claim, CaseCandidate candidate) =>
        claim.Evidence.Any(e => e.Supports == candidate.Id) || ClaimCheck.Mentions(claim.Text, candidate.Service);

    private IEnumerable<string> Names() => @case.Services
        .Concat(@case.Candidates.Select(c => c.Service))
        .Concat(@case.Candidates.Select(c => c.Change).OfType<string>());
}
