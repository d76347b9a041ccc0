using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Engine.RootCause;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>The evidence about one told case, kept so that another ranker can judge the same.</summary>
internal sealed record KeptDossier(IReadOnlyList<FaultLabel> Labels, SpanForm Form, Dossier Dossier)
{
    public static void Write(string folder, string caseId, IEnumerable<KeptDossier> forms)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, caseId + ".json"), JsonSerializer.SerializeToUtf8Bytes(forms.ToList()));
    }

    public static IEnumerable<KeptDossier> Read(string folder) =>
        Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)
            .SelectMany(f => JsonSerializer.Deserialize<List<KeptDossier>>(File.ReadAllBytes(f))!);

    public CaseScore Score(RootCauseRanker ranker) => CaseScore.Told(Labels, Form, [FoundIncident.Of(Dossier, ranker.Rank(Dossier))]);

    /// <summary>The truth, and every hypothesis with its evidence.</summary>
    public string Explain(RootCauseRanker ranker)
    {
        var report = ranker.Rank(Dossier);
        var text = new StringBuilder();
        var label = Labels[0];
        text.AppendLine(CultureInfo.InvariantCulture, $"{label.CaseId}, spans {Form}: {label.RootCause} ({string.Join(", ", label.Also)}), change {label.Change}; {report.RootCause}");
        foreach (var hypothesis in report.Hypotheses)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {hypothesis.Service}: score {hypothesis.Score:0.00}, confidence {hypothesis.Confidence:0.00}, change {hypothesis.ChangeId}");
            foreach (var item in hypothesis.For.Concat(hypothesis.Against))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {item.Weight,6:0.00} {item.Text}");
            }
        }

        report.RuledOut.ToList().ForEach(r => text.AppendLine("  out: " + r));
        return text.ToString();
    }
}
