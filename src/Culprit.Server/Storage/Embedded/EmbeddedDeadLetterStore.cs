using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The dead letters in SQLite.</summary>
internal sealed class EmbeddedDeadLetterStore(StateDatabase database) : IDeadLetterStore
{
    public Task<IReadOnlyList<DeadLetter>> FindAsync(DeadLetterQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DeadLetterTable.Find(c, query)));

    public Task<DeadLetter?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(c => DeadLetterTable.FindById(c, id)));

    public Task<bool> DropAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(c => DeadLetterTable.Drop(c, id), cancellationToken);

    public Task DropRetriedAsync(string eventId, DateTimeOffset before, CancellationToken cancellationToken) =>
        database.WriteAsync(c => DeadLetterTable.DropRetried(c, eventId, before), cancellationToken);

    public Task<bool> RetryAlertAsync(DeadLetter letter, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                // The letter's id is that of the alert and the name of its sink.
                var at = letter.Id.IndexOf(':', StringComparison.Ordinal);
                return at > 0
                    && OutboxTable.TryAgain(connection, letter.Id[..at], letter.Id[(at + 1)..], letter.Raw)
                    && DeadLetterTable.Drop(connection, letter.Id);
            },
            cancellationToken);

    public Task<IReadOnlyDictionary<long, int>> LoadPoisonAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(DeadLetterTable.LoadPoison));

    public Task SavePoisonAsync(IReadOnlyList<PoisonTry> tries, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                DeadLetterTable.DropOldPoison(connection);
                foreach (var poison in tries)
                {
                    DeadLetterTable.SavePoison(connection, poison);
                    if (poison.Letter is { } letter)
                    {
                        DeadLetterTable.Add(connection, letter);
                    }
                }

                return 0;
            },
            cancellationToken);
}
