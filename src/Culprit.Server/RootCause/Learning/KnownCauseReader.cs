using System.Text.Json;
using Culprit.Engine.RootCause.Learning;
using Culprit.Server.Analysis;

namespace Culprit.Server.RootCause.Learning;

/// <summary>Reads from an incident's events what it looked like.</summary>
internal static class KnownCauseReader
{
    /// <param name="finding">Has at least one anomaly.</param>
    public static IncidentSignature SignatureOf(IncidentFinding finding)
    {
        var first = finding.Anomalies[0];
        return IncidentSignature.Of(
            first.GetProperty("environment").GetString()!,
            first.GetProperty("anomaly_type").GetString()!,
            Texts(first.GetProperty("services")),
            Texts(first.GetProperty("sample_messages")));
    }

    private static IEnumerable<string> Texts(JsonElement values) => values.EnumerateArray().Select(v => v.GetString()!);
}
