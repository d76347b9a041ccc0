using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The dead letters in PostgreSQL.</summary>
internal sealed class PostgresDeadLetterStore(PostgresDatabase database) : IDeadLetterStore
{
    public Task<IReadOnlyList<DeadLetter>> FindAsync(DeadLetterQuery query, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDeadLetters.FindAsync(c, query, cancellationToken), cancellationToken);

    public Task<DeadLetter?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDeadLetters.FindByIdAsync(c, id, cancellationToken), cancellationToken);

    public Task<bool> DropAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresDeadLetters.DropAsync(c, id, cancellationToken), cancellationToken);

    public Task DropRetriedAsync(string eventId, DateTimeOffset before, CancellationToken cancellationToken) =>
        database.WriteAsync(c => PostgresDeadLetters.DropRetriedAsync(c, eventId, before, cancellationToken), cancellationToken);

    public Task<bool> RetryAlertAsync(DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async connection =>
            {
                // The letter's id is that of the alert and the name of its sink.
                var at = letter.Id.IndexOf(':', StringComparison.Ordinal);
                if (at <= 0
                    || !await PostgresOutbox.TryAgainAsync(
                        connection, letter.Id[..at], letter.Id[(at + 1)..], letter.Raw, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }

                await PostgresOutbox.WakeAsync(connection, cancellationToken).ConfigureAwait(false);
                return await PostgresDeadLetters.DropAsync(connection, letter.Id, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public Task<IReadOnlyDictionary<long, int>> LoadPoisonAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(c => PostgresDeadLetters.LoadPoisonAsync(c, cancellationToken), cancellationToken);

    public Task SavePoisonAsync(IReadOnlyList<PoisonTry> tries, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async connection =>
            {
                await PostgresDeadLetters.DropOldPoisonAsync(connection, cancellationToken).ConfigureAwait(false);
                foreach (var poison in tries)
                {
                    await PostgresDeadLetters.SavePoisonAsync(connection, poison, cancellationToken).ConfigureAwait(false);
                    if (poison.Letter is { } letter)
                    {
                        await PostgresDeadLetters.AddAsync(connection, letter, cancellationToken).ConfigureAwait(false);
                    }
                }

                return 0;
            },
            cancellationToken);
}
