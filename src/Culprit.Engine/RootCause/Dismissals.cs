using System.Globalization;
using Culprit.Engine.RootCause.Changes;

namespace Culprit.Engine.RootCause;

/// <summary>Says of each candidate that was looked at and not shown why it was dismissed.</summary>
internal sealed class Dismissals(CandidateSet candidates, EvidenceScale scale, ChangeJudge changes)
{
    private const int MaxReasons = 20;

    /// <summary>Changes that are cleared by name, the likeliest first.</summary>
    private const int MaxChanges = 8;

    public IReadOnlyList<string> Write(IReadOnlyList<Candidate> shown, IReadOnlyList<Candidate> failing)
    {
        var cause = shown is [var first, ..] ? first : null;
        var reasons = new List<string>();
        foreach (var candidate in candidates.All.Where(c => !shown.Contains(c)))
        {
            if (Reason(candidate, cause, failing) is { } reason)
            {
                reasons.Add($"{QuotedText.Name(candidate.Name)}: {reason}");
            }
        }

        reasons.AddRange(Changes(shown));
        return reasons.Count > MaxReasons ? reasons[..MaxReasons] : reasons;
    }

    private string? Reason(Candidate candidate, Candidate? cause, IReadOnlyList<Candidate> failing)
    {
        if (failing.Contains(candidate))
        {
            return Explained(candidate, cause);
        }

        if (candidate.Accusations.Count > 0)
        {
            var caller = QuotedText.Name(candidate.Accusations[0].Caller.Name);
            return candidate.Telemetry == Telemetry.Normal
                ? $"{caller} names it, but it logs as always and has no unusual errors"
                : $"{caller} names it, but other evidence is stronger";
        }

        if (candidate.Evidence is not { Errors: > 0 } evidence)
        {
            return null;
        }

        var expected = evidence.BaselineErrorsPerMinute * scale.WindowMinutes;
        return evidence.BaselineMinutes > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{evidence.Errors} errors, as usual for it ({Wording.Number(expected)} expected)")
            : string.Create(CultureInfo.InvariantCulture, $"{evidence.Errors} errors of no clear kind");
    }

    private static string Explained(Candidate candidate, Candidate? cause)
    {
        var errors = new List<string>();
        var speaker = cause?.Kind == CauseKind.Dependency ? cause.Accusers.OrderBy(c => c.Onset).FirstOrDefault() : cause;
        if (speaker is not null && speaker != candidate && candidate.Onset > speaker.Onset)
        {
            errors.Add($"start {Wording.Span(candidate.Onset!.Value - speaker.Onset!.Value)} after those of {QuotedText.Name(speaker.Name)}");
        }

        if (candidate.Accuses.Where(a => a.Share >= 0.3).MaxBy(a => a.Share) is { } accusation)
        {
            errors.Add($"{(accusation.IsNamed ? "name" : "point to")} {Wording.Subject(accusation.Callee)}");
        }
        else if (candidate.Patterns.Exists(p => p.IsSymptom))
        {
            errors.Add("only say that it waited for somebody else");
        }

        var callee = candidate.ExplainedBy.OrderByDescending(e => e.Share).Select(e => e.Callee).FirstOrDefault();
        var depends = callee is null ? null : $"it depends on {Wording.Subject(callee)}, which fails too";
        return (errors.Count, depends) switch
        {
            (0, null) => "its evidence is much weaker",
            (0, _) => depends,
            (_, null) => $"its errors {string.Join(" and ", errors)}",
            _ => $"its errors {string.Join(" and ", errors)}; {depends}",
        };
    }

    private IEnumerable<string> Changes(IReadOnlyList<Candidate> shown)
    {
        if (changes.Outside is { } outside)
        {
            yield return $"every change: {outside}";
        }

        var named = shown.Select(c => c.Change?.Change.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var verdict in changes.Verdicts.Where(v => !named.Contains(v.Change.Id)).Take(MaxChanges))
        {
            var service = verdict.Service is { } s ? $" on {QuotedText.Name(s)}" : "";
            yield return $"{QuotedText.Name(verdict.Change.Kind)} {QuotedText.Name(verdict.Change.Id)}{service}: {verdict.Reason}";
        }
    }
}
