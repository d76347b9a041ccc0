using Culprit.Server.Ingestion;
using Culprit.Server.Storage;

namespace Culprit.Server.HighAvailability;

/// <summary>Idempotency keys that were saved when their records entered the shared log: here only old ones are dropped.</summary>
internal sealed class ShippedKeys(IIdempotencyStore inner) : IIdempotencyStore
{
    public Task<long> LoadAsync(long afterNanos, Action<KeptKey> each, CancellationToken cancellationToken) =>
        inner.LoadAsync(afterNanos, each, cancellationToken);

    public Task SaveAsync(IReadOnlyList<KeptKey> keys, long forgottenNanos, long throughSequence, CancellationToken cancellationToken) =>
        inner.SaveAsync([], forgottenNanos, throughSequence, cancellationToken);
}
