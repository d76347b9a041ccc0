using Culprit.Server.Ingestion;

namespace Culprit.Server.Storage;

/// <summary>Where idempotency keys are kept when the journal no longer has them.</summary>
internal interface IIdempotencyStore
{
    /// <summary>Calls back for each key from after a moment, oldest first; the sequence up to which no key needs the journal.</summary>
    Task<long> LoadAsync(long afterNanos, Action<KeptKey> each, CancellationToken cancellationToken);

    /// <summary>Keeps keys, drops those from up to a moment, and moves the sequence forward, in one durable transaction.</summary>
    Task SaveAsync(IReadOnlyList<KeptKey> keys, long forgottenNanos, long throughSequence, CancellationToken cancellationToken);
}
