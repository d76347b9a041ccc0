using Culprit.Engine.Storage;
using Culprit.Server.Storage;

namespace Culprit.Tests.Alerting;

/// <summary>A state store that fails when a delivery is to be written down, as if the process had ended there.</summary>
internal sealed class CrashingStateStore(IStateStore inner) : IStateStore
{
    /// <summary>How many of the next deliveries are not written down.</summary>
    public int Crashes { get; set; }

    /// <summary>How many of the next outputs are not taken.</summary>
    public int Refusals { get; set; }

    /// <summary>As a database that does not answer.</summary>
    public bool IsAwayForReading { get; init; }

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) => inner.GetEnginePositionAsync(cancellationToken);

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken) =>
        Refusals-- > 0 ? throw new IOException("no space left") : inner.ApplyAsync(output, cancellationToken);

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken) =>
        IsAwayForReading ? throw new StoreUnavailableException("away") : inner.FindAsync(query, cancellationToken);

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken) =>
        inner.FindAliasesAsync(afterRow, cancellationToken);

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken) => inner.FindByIdAsync(id, cancellationToken);

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) =>
        inner.SaveSnapshotAsync(snapshot, cancellationToken);

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) => inner.LoadSnapshotAsync(cancellationToken);

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(
        string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        inner.DueAlertsAsync(sink, now, limit, cancellationToken);

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken) => inner.NextAlertAsync(sink, cancellationToken);

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) => inner.WaitingSinksAsync(cancellationToken);

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        Crashes-- > 0 ? throw new IOException("no space left") : inner.MarkDeliveredAsync(id, sink, at, cancellationToken);

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        inner.HoldAlertAsync(id, sink, at, until, reason, cancellationToken);

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        inner.DropAlertAsync(id, sink, at, reason, cancellationToken);

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) => inner.ReleaseHeldAsync(cancellationToken);

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        inner.FindDeliveriesAsync(incidentId, cancellationToken);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        inner.MarkFailedAsync(id, sink, failedAt, retryAt, reason, cancellationToken);

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        inner.GiveUpAsync(id, sink, letter, cancellationToken);

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) => inner.AddDeadLetterAsync(letter, cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        inner.ListDeadLettersAsync(limit, cancellationToken);
}
