using Culprit.Engine.Storage;

namespace Culprit.Server.Storage;

/// <summary>The stores of one run, opened and ready.</summary>
/// <param name="Classes">What the numbers of retention classes mean.</param>
/// <param name="Add">Adds what else belongs to this kind of store: its upkeep, health and metrics. Also hands the stores to the container to close.</param>
internal sealed record OpenStores(
    IRecordStore Records,
    IStateStore State,
    IDeadLetterStore Letters,
    IFeedbackStore Feedback,
    IAlertThreadStore Threads,
    IIdempotencyStore Idempotency,
    IKeyStore Keys,
    ISilenceStore Silences,
    RetentionClasses Classes,
    Action<IServiceCollection> Add)
{
    /// <summary>What the server uses as the state store, where that is not <see cref="State"/> itself.</summary>
    public Func<IServiceProvider, IStateStore>? StateInUse { get; init; }

    /// <summary>True while the store does not answer; never for one that is in this process.</summary>
    public Func<bool>? IsAway { get; init; }

    /// <summary>The database that another server uses at the same time; null when this one is alone.</summary>
    public Postgres.PostgresDatabase? Shared { get; init; }
}
