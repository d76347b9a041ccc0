using Culprit.Engine.Storage;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion;

/// <summary>Refuses more while what was taken waits in memory to be stored: nothing acknowledged is dropped to make room.</summary>
internal sealed class IngestPressure(IRecordStore records)
{
    /// <summary>Acknowledged bytes that may wait for the store. Also bounds what a restart must read back.</summary>
    internal const long MaxPendingBytes = 128L * 1024 * 1024;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>The answer to whoever sends now, or null while there is room.</summary>
    public Problem? Refusal() => records.PendingBytes <= MaxPendingBytes
        ? null
        : new Problem(503, "overloaded", "Detection and storage are behind; nothing was taken.") { RetryAfter = RetryAfter };
}
