using Culprit.Engine.Detection;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Correlation;

/// <summary>Decides which of its anomalies gives an incident its type.</summary>
/// <remarks>
/// The loudest symptom is often found first, at the callers: they report a failed call and not why it failed. The service
/// that is called, and calls none of the others, shows the fault itself. A rate of failures without a word of why counts only when nothing else speaks. Of what the deepest show, memory that runs out explains failures, and failed
/// connections explain errors, and waiting that did not begin before them; else the first finding decides. What comes later than <see cref="Patience"/>
/// after the first changes nothing: by then one thing leads to another.
/// </remarks>
internal static class IncidentTyping
{
    /// <summary>Later than this after the first one thing leads to another.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>What was found closer together began together.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(10);

    /// <param name="anomalies">In order of detection, at least one.</param>
    public static AnomalyType Of(IReadOnlyList<Anomaly> anomalies, Relatedness relatedness)
    {
        var shown = Shown(anomalies, relatedness);
        return shown.Count == 0 ? anomalies[0].Type
            : shown.Exists(a => a.Type == AnomalyType.MemoryLeak) ? AnomalyType.MemoryLeak
            : shown.Exists(a => a.Type == AnomalyType.ConnectionFailure) ? AnomalyType.ConnectionFailure
            : shown[0].Type;
    }

    /// <summary>What the cause says of the type, against what its callers see; null when nothing.</summary>
    /// <param name="blamed">The service that is blamed.</param>
    public static AnomalyType? OfCause(CauseNature nature, string blamed, IReadOnlyList<Anomaly> anomalies, Relatedness relatedness) => nature switch
    {
        CauseNature.OutOfMemory => AnomalyType.MemoryLeak,
        CauseNature.GivesUpTooSoon when IsOnlySaid(Shown(anomalies, relatedness), blamed) => AnomalyType.ErrorSpike,
        _ => null,
    };

    /// <summary>Of slowness a service's own words speak; that it takes longer itself was not seen before them, so it is of its retries.</summary>
    private static bool IsOnlySaid(List<Anomaly> shown, string service) => shown.Find(a => a.Evidence.Count > 0) is { } said
        && shown.TrueForAll(a => a.Type == AnomalyType.LatencySpike && Service(a) == service
            && (a.Evidence.Count > 0 || said.DetectedAt - a.DetectedAt < Before));

    /// <summary>The findings that count: those of the deepest services, as far as they tell of a type.</summary>
    private static List<Anomaly> Shown(IReadOnlyList<Anomaly> anomalies, Relatedness relatedness)
    {
        var first = anomalies[0];
        var known = anomalies
            .Where(a => a.Type != AnomalyType.Unknown && a.DetectedAt - first.DetectedAt <= Patience)
            .Where(a => !a.IsSupporting || IsEarlyMemory(a, anomalies))
            .ToList();
        known = known.FindAll(a => a.Type != AnomalyType.LatencySpike || !HasBefore(known, Fails, a));
        known = known.FindAll(a => a.Type != AnomalyType.ConnectionFailure || !HasBefore(known, b => b.Type == AnomalyType.LatencySpike, a));
        known = known.Exists(SaysHow) ? known.FindAll(SaysHow) : known;
        var services = known.Select(Service).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var deepest = relatedness.Deepest([.. services.Select(NodeName.Normalise)]);
        var shown = known.FindAll(a => Service(a) is not { } service || deepest.Contains(NodeName.Normalise(service)));
        return shown.Count > 0 ? shown : known;
    }

    /// <summary>Failed spans and error ratios say that something fails; messages, waiting and memory say how.</summary>
    private static bool SaysHow(Anomaly anomaly) => anomaly.Type != AnomalyType.ErrorSpike || anomaly.Evidence.Count > 0;

    private static bool Fails(Anomaly anomaly) => anomaly.Type is AnomalyType.ErrorSpike or AnomalyType.ConnectionFailure;

    /// <summary>
    /// Something was found of the same service before. Who fails first and is slow later is slow because it fails: of retries, restarts and time-outs.
    /// Who is slow first and cannot connect later has nothing left to connect with: those that wait hold all connections.
    /// </summary>
    private static bool HasBefore(List<Anomaly> known, Predicate<Anomaly> kind, Anomaly later) =>
        known.Exists(a => kind(a) && Service(a) == Service(later) && later.DetectedAt - a.DetectedAt >= Before);

    /// <summary>Memory that left its level before anything else went wrong: later it may be work that piled up.</summary>
    private static bool IsEarlyMemory(Anomaly anomaly, IReadOnlyList<Anomaly> anomalies) =>
        anomaly.Type == AnomalyType.MemoryLeak && anomalies.Where(a => !a.IsSupporting).All(a => anomaly.StartedAt <= a.StartedAt);

    private static string? Service(Anomaly anomaly) => anomaly.Services.Count > 0 ? anomaly.Services[0] : null;
}
