namespace Culprit.Engine.Storage;

/// <summary>One alert that must reach one sink.</summary>
/// <param name="Id">The same on every try: the receiver's dedup key.</param>
/// <param name="IncidentId">Deliveries of one incident go out in order.</param>
/// <param name="Json">The alert event as on the wire, UTF-8.</param>
/// <param name="Attempts">Tries that failed.</param>
/// <param name="FailingSince">When the first try failed; null before.</param>
internal sealed record OutboxItem(
    string Id, string Sink, string IncidentId, ReadOnlyMemory<byte> Json, int Attempts, DateTimeOffset? FailingSince = null)
{
    /// <summary>When it was made, by the clock of the server.</summary>
    public DateTimeOffset AddedAt { get; init; } = DateTimeOffset.MinValue;

    /// <summary>True: only for its own sink, not also for others that heard of the incident. For a reminder.</summary>
    public bool IsForItsSinkOnly { get; init; }
}

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

    /// <summary>True for what nothing could make again, such as what people did: it is stored or refused, never held in memory.</summary>
    public bool MustBeStored { get; init; }
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

    /// <summary>The sink has it. What was held back for the sink before it, of the same incident, will not be sent any more.</summary>
    Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Holds an alert back until a time; what was held before it, of the same incident and sink, will not be sent any more. Later ones do not wait for it.</summary>
    Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken);

    /// <summary>The alert will not be sent, nor what was held before it, of the same incident and sink.</summary>
    Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken);

    /// <summary>All that is held back is due: what held it may be gone.</summary>
    Task ReleaseHeldAsync(CancellationToken cancellationToken);

    /// <summary>What became of an incident's alerts, in order of writing.</summary>
    Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken);

    /// <summary>Counts the attempt that failed at <paramref name="failedAt"/> and puts the next off until <paramref name="retryAt"/>.</summary>
    Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken);

    /// <summary>Ends the tries for one sink and keeps the letter, in one transaction.</summary>
    Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken);

    Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken);

    Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);
}
