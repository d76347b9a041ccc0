namespace Culprit.Engine.Storage;

/// <summary>Which dead letters are wanted, newest first. Null means "any".</summary>
/// <param name="Kind">One of <see cref="DeadLetterKinds"/>.</param>
/// <param name="Text">Part of the reason; ASCII letters match in either case.</param>
/// <param name="BeforeRow">Letters older than this one.</param>
internal sealed record DeadLetterQuery(int Limit, string? Kind = null, string? Text = null, long? BeforeRow = null);

/// <summary>A record at which the engine failed.</summary>
/// <param name="Tries">How often by now.</param>
/// <param name="Letter">Set when it was the last try.</param>
internal sealed record PoisonTry(long Sequence, int Tries, DeadLetter? Letter);

/// <summary>Dead letters one by one, and the records on their way to become some.</summary>
internal interface IDeadLetterStore
{
    Task<IReadOnlyList<DeadLetter>> FindAsync(DeadLetterQuery query, CancellationToken cancellationToken);

    Task<DeadLetter?> FindByIdAsync(string id, CancellationToken cancellationToken);

    /// <summary>False when there is none of this id.</summary>
    Task<bool> DropAsync(string id, CancellationToken cancellationToken);

    /// <summary>Drops the letters of an event from before a time: it has been put through the journal again.</summary>
    Task DropRetriedAsync(string eventId, DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Puts an alert that was given up back into the outbox and drops its letter, in one transaction; false when it is not there.</summary>
    Task<bool> RetryAlertAsync(DeadLetter letter, CancellationToken cancellationToken);

    /// <summary>Tries of the records at which the engine failed since its oldest snapshot, by sequence.</summary>
    Task<IReadOnlyDictionary<long, int>> LoadPoisonAsync(CancellationToken cancellationToken);

    /// <summary>Keeps tries and letters, in one durable transaction.</summary>
    Task SavePoisonAsync(IReadOnlyList<PoisonTry> tries, CancellationToken cancellationToken);
}
