using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>Names the kind of fault that a set of error records shows.</summary>
internal static class AnomalyClassifier
{
    private static readonly string[] MemoryWords = ["out of memory", "outofmemory", "oom-kill", "oomkill", "cannot allocate memory", "heap space"];

    private static readonly string[] ConnectionWords =
    [
        "connection", "connect ", "reset by peer", "unreachable", "no route to host", "broken pipe", "econn",
        "no such host", "name resolution", "unavailable", "socket", "dial tcp", "handshake",
        "enotfound", "eai_again", "getaddrinfo", "unknownhost", "nxdomain", "servfail", "server misbehaving",
        "failed to resolve", "could not resolve", "cannot resolve", "unable to resolve",
        "certificate", "x509", "sslexception", "ssl error", "[ssl", "tls:", "tls error",
    ];

    private static readonly string[] LatencyWords = ["timeout", "timed out", "deadline exceeded", "too slow", "slow query", "latency"];

    /// <summary>
    /// Memory if half of the records show it, connections if a third do, latency if more than half do; else error spike.
    /// A refused connection makes its callers time out, so connections need fewer.
    /// </summary>
    public static AnomalyType Classify(IReadOnlyList<RecordRef> evidence)
    {
        if (evidence.Count == 0)
        {
            return AnomalyType.ErrorSpike;
        }

        var half = (evidence.Count + 1) / 2;
        return Count(evidence, MemoryWords) >= half ? AnomalyType.MemoryLeak
            : 3 * Count(evidence, ConnectionWords) >= evidence.Count ? AnomalyType.ConnectionFailure
            : Count(evidence, LatencyWords) > evidence.Count / 2 ? AnomalyType.LatencySpike
            : AnomalyType.ErrorSpike;
    }

    /// <summary>A record that speaks of memory that is not there or of a connection that cannot be used, whatever its level: some services only warn while they help themselves.</summary>
    public static bool SaysThatItFailed(RecordRef record) => Classify([record]) is AnomalyType.MemoryLeak or AnomalyType.ConnectionFailure;

    private static int Count(IReadOnlyList<RecordRef> evidence, string[] words) =>
        evidence.Count(r => Array.Exists(words, w => r.Text.Contains(w, StringComparison.OrdinalIgnoreCase)));
}
