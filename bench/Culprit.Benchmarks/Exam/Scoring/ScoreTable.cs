using System.Globalization;
using System.Text;
using Culprit.Benchmarks.Exam.Faults;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>The scores as tables, in Markdown.</summary>
internal static class ScoreTable
{
    public static string Render(IReadOnlyList<CaseScore> scores, bool withCases)
    {
        var text = new StringBuilder();
        Summary(text, scores);
        Curve(text, scores);
        ByFault(text, scores);
        if (withCases)
        {
            Cases(text, scores);
        }

        return text.ToString();
    }

    private static void Summary(StringBuilder text, IReadOnlyList<CaseScore> scores)
    {
        text.AppendLine("| spans | faults | n | found | as one incident | delay median | p90 | median from the first call hit | type right | root top-1 | top-3 | abstained | change right | incidents before | beside |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var form in scores.Select(s => s.Form).Distinct())
        {
            var all = scores.Where(s => s.Form == form).ToList();
            Row(text, form, "clearly visible", [.. all.Where(s => s.Label.IsClearlyVisible)]);
            Row(text, form, "the others", [.. all.Where(s => !s.Label.IsClearlyVisible)]);
        }

        text.AppendLine();
    }

    private static void Row(StringBuilder text, SpanForm form, string name, List<CaseScore> scores)
    {
        var found = scores.Where(s => s.IsFound).ToList();
        string Delay(double share) => Quantile(found.Select(s => s.DelaySeconds), share);
        text.AppendLine(Invariant($"| {form.ToString().ToLowerInvariant()} | {name} | {scores.Count} | {Share(found.Count, scores.Count)} | {Share(found.Count(s => s.Incidents == 1), found.Count)} | {Delay(0.5)} | {Delay(0.9)} | {Quantile(found.Select(s => s.DelaySinceHitSeconds), 0.5)} | {Share(found.Count(s => s.IsTypeRight), found.Count)} | {Share(found.Count(s => s.Rank == 1), found.Count)} | {Share(found.Count(s => s.Rank is 1 or 2 or 3), found.Count)} | {found.Count(s => s.IsAbstained)} | {Share(found.Count(s => s.IsChangeRight), found.Count)} | {Cases(scores).Sum(s => s.Before)} | {Cases(scores).Sum(s => s.Beside)} |"));
    }

    private static void Curve(StringBuilder text, IReadOnlyList<CaseScore> scores)
    {
        text.AppendLine("| spans | found at strength 1 | 2 | 3 | 4 | 5 |").AppendLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var form in scores.Select(s => s.Form).Distinct())
        {
            var cells = Enumerable.Range(1, 5).Select(strength =>
            {
                var these = scores.Where(s => s.Form == form && s.Label.Strength == strength).ToList();
                return Share(these.Count(s => s.IsFound), these.Count);
            });
            text.AppendLine(Invariant($"| {form.ToString().ToLowerInvariant()} | {string.Join(" | ", cells)} |"));
        }

        text.AppendLine();
    }

    private static void ByFault(StringBuilder text, IReadOnlyList<CaseScore> scores)
    {
        var forms = scores.Select(s => s.Form).Distinct().ToList();
        text.AppendLine("Of the clearly visible ones: found / type right / root top-1 / change right.").AppendLine();
        text.AppendLine($"| fault | n | {string.Join(" | ", forms.Select(f => f.ToString().ToLowerInvariant()))} |");
        text.AppendLine($"| --- | --- |{string.Concat(forms.Select(_ => " --- |"))}");
        foreach (var fault in FaultTable.All.Select(f => f.Name))
        {
            var these = scores.Where(s => s.Label.Fault == fault && s.Label.IsClearlyVisible).ToList();
            if (these.Count > 0)
            {
                var cells = forms.Select(form => these.Where(s => s.Form == form && s.IsFound).ToList()).Select(found =>
                    Invariant($"{found.Count} / {found.Count(s => s.IsTypeRight)} / {found.Count(s => s.Rank == 1)} / {found.Count(s => s.IsChangeRight)}"));
                text.AppendLine($"| {fault} | {these.Count / forms.Count} | {string.Join(" | ", cells)} |");
            }
        }

        text.AppendLine();
    }

    private static void Cases(StringBuilder text, IReadOnlyList<CaseScore> scores)
    {
        text.AppendLine("| case | spans | visible | calls hit | delay | from the first hit | incidents | before | beside | by | type | root | named | change |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var s in scores)
        {
            var delay = s.DelaySeconds is { } seconds ? Invariant($"{seconds:0.0} s") : "not found";
            var rank = !s.IsFound ? "" : s.Rank > 0 ? Invariant($"{s.Label.RootCause}: {s.Rank}") : s.Label.RootCause + ": -";
            text.AppendLine(Invariant($"| {s.Label.CaseId} | {s.Form.ToString().ToLowerInvariant()} | {(s.Label.IsClearlyVisible ? "yes" : "")} | {s.Label.AffectedCalls}/{s.Label.ExposedCalls} | {delay} | {(s.DelaySinceHitSeconds is { } sinceHit ? Invariant($"{sinceHit:0.0} s") : "-")} | {s.Incidents} | {s.Before} | {s.Beside} | {s.Detector} | {s.AnomalyType}{(s.IsFound && !s.IsTypeRight ? " (wrong)" : "")} | {rank} | {string.Join(", ", s.Named)} | {(s.IsFound ? s.IsChangeRight ? "right" : "wrong" : "")} |"));
        }

        text.AppendLine().AppendLine("Incidents before and beside:").AppendLine();
        foreach (var s in scores.DistinctBy(s => (s.Label.CaseId, s.Form)))
        {
            foreach (var wrong in s.False)
            {
                text.AppendLine(Invariant($"- {s.Label.CaseId}, {s.Form.ToString().ToLowerInvariant()}, fault at {s.Label.Start:HH:mm:ss}: {wrong}"));
            }
        }
    }

    private static string Quantile(IEnumerable<double?> seconds, double share)
    {
        var known = seconds.OfType<double>().Order().ToList();
        return known.Count == 0 ? "-" : Invariant($"{known[(int)(share * (known.Count - 1))]:0.0} s");
    }

    /// <summary>One of each case, however many faults it has.</summary>
    private static IEnumerable<CaseScore> Cases(List<CaseScore> scores) => scores.DistinctBy(s => s.Label.CaseId);

    private static string Share(int count, int of) => of == 0 ? "-" : Invariant($"{count}/{of} {100.0 * count / of:0} %");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
