namespace Culprit.Engine.Detection;

/// <summary>What kind of fault an anomaly shows; the numbers are stored and never change.</summary>
internal enum AnomalyType : byte
{
    Unknown = 0,
    ErrorSpike = 1,
    LatencySpike = 2,
    MemoryLeak = 3,
    ConnectionFailure = 4,
    CascadeFailure = 5,
}

/// <summary>The words of the wire.</summary>
internal static class AnomalyTypes
{
    public static string ToWire(this AnomalyType type) => type switch
    {
        AnomalyType.Unknown => "unknown",
        AnomalyType.ErrorSpike => "error_spike",
        AnomalyType.LatencySpike => "latency_spike",
        AnomalyType.MemoryLeak => "memory_leak",
        AnomalyType.ConnectionFailure => "connection_failure",
        AnomalyType.CascadeFailure => "cascade_failure",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown anomaly type {(byte)type}."),
    };
}
