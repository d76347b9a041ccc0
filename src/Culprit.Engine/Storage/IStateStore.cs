namespace Culprit.Engine.Storage;

/// <summary>One alert that must reach one sink.</summary>
/// <param name="Id">The same on every try: the receiver's dedup key.</param>
/// <param name="IncidentId">Deliveries of one incident go out in order.</param>
/// <param name="Json">The alert event as on the wire, UTF-8.</param>
internal sealed record OutboxItem(string Id, string Sink, string IncidentId, ReadOnlyMemory<byte> Json, int Attempts);

/// <summary>An event that could not be processed.</summary>
/// <param name="Reason">Why, in words.</param>
/// <param name="Raw">At most 64 KiB of what was sent.</param>
internal sealed record DeadLetter(string Id, DateTimeOffset At, string Reason, ReadOnlyMemory<byte> Raw);

/// <summary>The engine's frozen state.</summary>
/// <param name="Sequence">Everything up to here is inside; replay starts after it.</param>
internal sealed record EngineSnapshot(int Version, long Sequence, ReadOnlyMemory<byte> Bytes);

/// <summary>What the engine made of the journal up to a sequence; applied in one transaction.</summary>
/// <param name="Sequence">The journal position that this covers.</param>
/// <param name="Events">Derived events; ids already stored are ignored.</param>
/// <param name="Outbox">Alerts to deliver; ids already known are ignored.</param>
internal sealed record EngineOutput(long Sequence, IReadOnlyList<DerivedEvent> Events, IReadOnlyList<OutboxItem> Outbox);

/// <summary>Derived events, outbox, dead letters, snapshots: low volume, transactional.</summary>
internal interface IStateStore
{
    /// <summary>Journal position covered by the last <see cref="ApplyAsync"/>; 0 when new.</summary>
    Task<long> GetEnginePositionAsync(CancellationToken cancellationToken);

    /// <summary>Stores the output and its position in one durable transaction; returns the events that were new.</summary>
    Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken);

    Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken);

    Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken);

    Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>The newest snapshot, or null.</summary>
    Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>The oldest undelivered alerts, at most one per incident and sink, that are due at <paramref name="now"/>.</summary>
    Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    Task MarkDeliveredAsync(string id, string sink, CancellationToken cancellationToken);

    /// <summary>Counts the attempt and puts it off until <paramref name="retryAt"/>.</summary>
    Task MarkFailedAsync(string id, string sink, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken);

    Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken);

    Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);
}
