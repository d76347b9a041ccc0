using Culprit.Engine.Detection;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Correlation;

/// <summary>Decides which of its anomalies gives an incident its type.</summary>
/// <remarks>
/// The loudest symptom is often found first, at the callers: they report a failed call and not why it failed. The service
/// that is called, and calls none of the others, shows the fault itself. A rate of failures without a word of why counts only when nothing else speaks. Of what the deepest show, memory that runs out explains failures, and failed
/// connections explain errors and waiting; else the first finding decides. What comes later than <see cref="Patience"/>
/// after the first changes nothing: by then one thing leads to another.
/// Who is blamed has the last word: if it ran out of memory, what its callers say is how they heard of that; and if it gives up waiting
/// for services that work as always, nothing is slow.
/// </remarks>
internal static class IncidentTyping
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>What was found closer together began together.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(10);

    /// <param name="anomalies">In order of detection, at least one.</param>
    /// <param name="blamed">Who is blamed for them; null while that is not clear.</param>
    public static AnomalyType Of(IReadOnlyList<Anomaly> anomalies, Relatedness relatedness, BlamedService? blamed = null)
    {
        if (blamed is { RanOutOfMemory: true })
        {
            return AnomalyType.MemoryLeak;
        }

        var first = anomalies[0];
        var known = anomalies
            .Where(a => a.Type != AnomalyType.Unknown && a.DetectedAt - first.DetectedAt <= Patience)
            .Where(a => !a.IsSupporting || IsEarlyMemory(a, anomalies))
            .ToList();
        if (known.Count == 0)
        {
            return first.Type;
        }

        known = known.FindAll(a => a.Type != AnomalyType.LatencySpike || !HasFailedBefore(a, known));
        known = known.Exists(SaysHow) ? known.FindAll(SaysHow) : known;
        var services = known.Select(Service).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var deepest = relatedness.Deepest([.. services.Select(NodeName.Normalise)]);
        var shown = known.FindAll(a => Service(a) is not { } service || deepest.Contains(NodeName.Normalise(service)));
        return shown.Exists(a => a.Type == AnomalyType.MemoryLeak) ? AnomalyType.MemoryLeak
            : shown.Exists(a => a.Type == AnomalyType.ConnectionFailure) ? AnomalyType.ConnectionFailure
            : blamed is not null && shown.Count > 0 && shown.TrueForAll(a => GivesUpTooSoon(a, blamed, relatedness)) ? AnomalyType.ErrorSpike
            : shown.Count > 0 ? shown[0].Type : known[0].Type;
    }

    /// <summary>Only words speak of slowness, those of the service that is blamed, and whom it waits for works as always.</summary>
    private static bool GivesUpTooSoon(Anomaly anomaly, BlamedService blamed, Relatedness relatedness) =>
        anomaly is { Type: AnomalyType.LatencySpike, Evidence.Count: > 0 } && Service(anomaly) == blamed.Name
        && relatedness.Accused(anomaly) is { Count: > 0 } accused && accused.TrueForAll(blamed.Calm.Contains);

    /// <summary>Failed spans and error ratios say that something fails; messages, waiting and memory say how.</summary>
    private static bool SaysHow(Anomaly anomaly) => anomaly.Type != AnomalyType.ErrorSpike || anomaly.Evidence.Count > 0;

    /// <summary>Who fails first and is slow later is slow because it fails: of retries, restarts and time-outs.</summary>
    private static bool HasFailedBefore(Anomaly slow, List<Anomaly> known) => known.Exists(a =>
        (a.Type is AnomalyType.ErrorSpike or AnomalyType.ConnectionFailure || (a.Evidence.Count > 0 && slow.Evidence.Count == 0))
        && Service(a) == Service(slow) && slow.DetectedAt - a.DetectedAt >= Before);

    /// <summary>Memory that left its level before anything else went wrong: later it may be work that piled up.</summary>
    private static bool IsEarlyMemory(Anomaly anomaly, IReadOnlyList<Anomaly> anomalies) =>
        anomaly.Type == AnomalyType.MemoryLeak && anomalies.Where(a => !a.IsSupporting).All(a => anomaly.StartedAt <= a.StartedAt);

    private static string? Service(Anomaly anomaly) => anomaly.Services.Count > 0 ? anomaly.Services[0] : null;
}

/// <summary>What an incident shows of the service that is blamed for it.</summary>
/// <param name="Name">As it calls itself.</param>
/// <param name="RanOutOfMemory">It says so, and did not before.</param>
/// <param name="Calm">Nodes that send telemetry and are not affected.</param>
internal sealed record BlamedService(string Name, bool RanOutOfMemory, IReadOnlySet<string> Calm)
{
    /// <param name="suspect">Who is blamed; null, or what sends no telemetry, is no service to look at.</param>
    public static BlamedService? Of(OpenIncident open, string? suspect)
    {
        if (suspect is null || !open.Services.TryGetValue(suspect, out var tracked))
        {
            return null;
        }

        var ranOut = tracked.Patterns.Values.Any(p => p is { BaselineCount: 0, Samples.Count: > 0 } && AnomalyClassifier.Classify(p.Samples) == AnomalyType.MemoryLeak);
        var calm = open.Services.Keys.Except(open.Incident.Services, StringComparer.Ordinal).Select(NodeName.Normalise);
        return new BlamedService(suspect, ranOut, calm.ToHashSet(StringComparer.Ordinal));
    }
}
