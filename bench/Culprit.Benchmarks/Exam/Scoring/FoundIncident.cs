using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Detection;
using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;
using Culprit.Server.Analysis;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>What the engine says of one incident, as its report has it at the end.</summary>
internal sealed record FoundIncident(
    DateTimeOffset DetectedAt, string AnomalyType, IReadOnlyList<string> Services, IReadOnlyList<FoundCause> Causes, bool IsAbstained, string Detector, string Observed)
{
    public static FoundIncident Of(IncidentFinding finding)
    {
        var cause = finding.Cause;
        var causes = cause.ValueKind == JsonValueKind.Object
            ? cause.GetProperty("hypotheses").EnumerateArray().Select(FoundCause.Of).ToList() : [];
        var first = finding.Anomalies.Count > 0 ? finding.Anomalies[0] : default;
        return new FoundIncident(
            finding.State.GetProperty("detected_at").GetDateTimeOffset(),
            finding.State.GetProperty("anomaly_type").GetString()!,
            [.. finding.State.GetProperty("services").EnumerateArray().Select(s => s.GetString()!)],
            causes,
            cause.ValueKind == JsonValueKind.Object && cause.GetProperty("abstained").GetBoolean(),
            Text(first, "detector"),
            Text(first, "observed"));
    }

    public static FoundIncident Of(Dossier dossier, RootCauseReport report) => new(
        dossier.Incident.DetectedAt, dossier.Incident.Type.ToWire(), dossier.Incident.Services,
        [.. report.Hypotheses.Select(h => new FoundCause(h.Service, h.Confidence, h.Score, h.Signals, h.ChangeId ?? "none"))],
        report.Abstained, dossier.Incident.Anomalies[0].Detector, dossier.Incident.Anomalies[0].Observed);

    /// <summary>1 for the first service named, 0 when none of the names is. A host is the same with and without its port and private domain.</summary>
    public int RankOf(IReadOnlyCollection<string> names)
    {
        var nodes = names.Select(NodeName.Normalise).ToHashSet(StringComparer.Ordinal);
        var services = Causes.Select(c => c.Service).Where(s => s.Length > 0).Distinct().ToList();
        return services.FindIndex(s => nodes.Contains(NodeName.Normalise(s))) + 1;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{DetectedAt:HH:mm:ss} {AnomalyType} by {Detector} in {string.Join(", ", Services)}: {Observed}");

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value.GetString() ?? string.Empty : string.Empty;
}

/// <summary>One hypothesis of an incident's explanation.</summary>
internal sealed record FoundCause(string Service, double Confidence, double Score, int Signals, string ChangeId)
{
    public static FoundCause Of(JsonElement json) => new(
        json.GetProperty("service").GetString() ?? string.Empty,
        json.GetProperty("confidence").GetDouble(),
        json.GetProperty("score").GetDouble(),
        json.GetProperty("signals").GetInt32(),
        json.TryGetProperty("change_id", out var change) ? change.GetString() ?? "none" : "none");
}
