namespace Culprit.Engine.Storage;

/// <summary>One alert that must reach one sink.</summary>
/// <param name="Id">The same on every try: the receiver's dedup key.</param>
/// <param name="IncidentId">Deliveries of one incident go out in order.</param>
/// <param name="Json">The alert event as on the wire, UTF-8.</param>
/// <param name="Attempts">Tries that failed.</param>
/// <param name="FailingSince">When the first try failed; null before.</param>
internal sealed record OutboxItem(
    string Id, string Sink, string IncidentId, ReadOnlyMemory<byte> Json, int Attempts, DateTimeOffset? FailingSince = null);

/// <summary>The engine's frozen state.</summary>
/// <param name="Sequence">Everything up to here is inside; replay starts after it.</param>
internal sealed record EngineSnapshot(int Version, long Sequence, ReadOnlyMemory<byte> Bytes);

/// <summary>What the engine made of the journal up to a sequence; applied in one transaction.</summary>
/// <param name="Sequence">The journal position that this covers.</param>
/// <param name="Events">Derived events; ids already stored are ignored.</param>
/// <param name="Outbox">
/// Alerts to deliver. An id that an earlier output had is ignored, whatever its sinks were then. Each alert also goes to every
/// sink that has taken, or is to take, an earlier alert of its incident: who was told that it fires is told that it ended.
/// </param>
internal sealed record EngineOutput(long Sequence, IReadOnlyList<DerivedEvent> Events, IReadOnlyList<OutboxItem> Outbox)
{
    /// <summary>Patterns that got another id, oldest first. Of one id the last word counts; telling it again changes nothing.</summary>
    public IReadOnlyList<NamedAlias> Aliases { get; init; } = [];
}

/// <summary>Derived events, outbox, dead letters, snapshots: low volume, transactional.</summary>
internal interface IStateStore
{
    /// <summary>Journal position covered by the last <see cref="ApplyAsync"/>; 0 when new.</summary>
    Task<long> GetEnginePositionAsync(CancellationToken cancellationToken);

    /// <summary>Stores the output and its position in one durable transaction; returns the events that were new.</summary>
    Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken);

    Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken);

    /// <summary>The aliases written after a row, in the order of writing; the newest <see cref="NamedAlias.MaxKept"/> are kept.</summary>
    Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken);

    Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken);

    Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>The newest snapshot, or null.</summary>
    Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>The sink's oldest undelivered alerts, at most one per incident, that are due at <paramref name="now"/>.</summary>
    Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>When the next of the sink's alerts is due; null when it has none.</summary>
    Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken);

    /// <summary>Every sink, configured or not, that has undelivered alerts.</summary>
    Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken);

    Task MarkDeliveredAsync(string id, string sink, CancellationToken cancellationToken);

    /// <summary>Counts the attempt that failed at <paramref name="failedAt"/> and puts the next off until <paramref name="retryAt"/>.</summary>
    Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken);

    /// <summary>Ends the tries for one sink and keeps the letter, in one transaction.</summary>
    Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken);

    Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken);

    Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);
}
