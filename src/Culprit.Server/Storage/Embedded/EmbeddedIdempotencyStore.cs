using Culprit.Server.Ingestion;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Idempotency keys in SQLite.</summary>
internal sealed class EmbeddedIdempotencyStore(StateDatabase database) : IIdempotencyStore
{
    private const string Consumer = "idempotency-keys";

    public Task<long> LoadAsync(long afterNanos, Action<KeptKey> each, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            IdempotencyTable.Load(connection, afterNanos, each);
            return PositionTable.Get(connection, Consumer);
        }));

    public Task SaveAsync(
        IReadOnlyList<KeptKey> keys, long forgottenNanos, long throughSequence, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                foreach (var kept in keys)
                {
                    IdempotencyTable.Add(connection, kept);
                }

                IdempotencyTable.DropThrough(connection, forgottenNanos);
                PositionTable.Advance(connection, Consumer, throughSequence);
                return keys.Count;
            },
            cancellationToken);
}
