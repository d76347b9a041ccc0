using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Engine.RootCause;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>The evidence about one case, kept so that another ranker can judge the same.</summary>
/// <param name="Dossiers">The one of the question, or of each incident the last.</param>
internal sealed record KeptEvidence(IReadOnlyList<FaultLabel> Labels, SpanForm Form, bool IsTold, IReadOnlyList<Dossier> Dossiers)
{
    public static void Write(string folder, string caseId, IEnumerable<KeptEvidence> forms)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, caseId + ".json"), JsonSerializer.SerializeToUtf8Bytes(forms.ToList()));
    }

    public static IEnumerable<KeptEvidence> Read(string folder) =>
        Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)
            .SelectMany(f => JsonSerializer.Deserialize<List<KeptEvidence>>(File.ReadAllBytes(f))!);

    public IEnumerable<CaseScore> Score(RootCauseRanker ranker) =>
        CaseScore.Of(Labels, Form, IsTold, [.. Dossiers.Select(d => FoundIncident.Of(d, ranker.Rank(d)))]);

    /// <summary>The truth, and of each incident every hypothesis with its evidence.</summary>
    public string Explain(RootCauseRanker ranker)
    {
        var text = new StringBuilder();
        var label = Labels[0];
        text.AppendLine(CultureInfo.InvariantCulture, $"{label.CaseId}, spans {Form}: {label.RootCause} ({string.Join(", ", label.Also)}), change {label.Change}, {label.Start:HH:mm:ss} to {label.End:HH:mm:ss}");
        foreach (var dossier in Dossiers)
        {
            Explain(dossier, ranker.Rank(dossier), text);
        }

        return text.ToString();
    }

    private static void Explain(Dossier dossier, RootCauseReport report, StringBuilder text)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $" {dossier.Incident.StartedAt:HH:mm:ss} to {dossier.At:HH:mm:ss}, detected {dossier.Incident.DetectedAt:HH:mm:ss} in {string.Join(", ", dossier.Incident.Services)}: {report.RootCause}");
        foreach (var hypothesis in report.Hypotheses)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {hypothesis.Service}: score {hypothesis.Score:0.00}, confidence {hypothesis.Confidence:0.00}, change {hypothesis.ChangeId}");
            foreach (var item in hypothesis.For.Concat(hypothesis.Against))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {item.Weight,6:0.00} {item.Text}");
            }
        }

        report.RuledOut.ToList().ForEach(r => text.AppendLine("  out: " + r));
    }
}
