using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.Topology;
using Culprit.Tests.Support;

namespace Culprit.Tests.Correlation;

/// <summary>Anomalies and edges in short.</summary>
internal static class SomeAnomalies
{
    /// <summary>From <c>web>orders orders>ledger</c>.</summary>
    public static Relatedness Graph(string calls) => new([.. calls.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => c.Split('>'))
        .Select(c => new ServiceEdge(c[0], c[1], EdgeSource.Span, 1, "a span"))]);

    /// <summary>From <c>error_spike</c>.</summary>
    public static AnomalyType Type(string wire) => Enum.GetValues<AnomalyType>().First(t => t.ToWire() == wire);

    public static Anomaly Anomaly(string service, AnomalyType type, double second, bool isSupporting = false, bool hasMessages = true, string message = "it failed") => new()
    {
        Id = $"{service}-{type}-{second}",
        Type = type,
        Detector = "some",
        Environment = "production",
        Services = [service],
        StartedAt = Some.Noon.AddSeconds(second),
        DetectedAt = Some.Noon.AddSeconds(second + 5),
        Window = TimeSpan.FromSeconds(10),
        ErrorCount = 1,
        Expected = "nothing",
        Observed = "something",
        Evidence = hasMessages ? [new RecordRef(1, $"r-{service}", Some.At(second), service, Severity.Error, message, null)] : [],
        IsSupporting = isSupporting,
    };

    public static Incident Incident(params Anomaly[] anomalies) => new()
    {
        Id = "i1",
        Environment = "production",
        State = IncidentState.Open,
        Severity = IncidentSeverity.Medium,
        StartedAt = anomalies[0].StartedAt,
        DetectedAt = anomalies[0].DetectedAt,
        LastSeenAt = anomalies[^1].DetectedAt,
        ErrorCount = 1,
        Services = [.. anomalies.SelectMany(a => a.Services)],
        Anomalies = anomalies,
        Type = anomalies[0].Type,
    };
}
