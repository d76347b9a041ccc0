using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>Shows each caller the derived events of the environments that its key permits; all else is the server's own business.</summary>
/// <param name="inner">Ends with this one.</param>
internal sealed class ScopedStateStore(IStateStore inner) : IStateStore, IDisposable
{
    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) => inner.GetEnginePositionAsync(cancellationToken);

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken) =>
        inner.ApplyAsync(output, cancellationToken);

    public async Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken)
    {
        if (Caller.Environments is not { } environments)
        {
            return await inner.FindAsync(query, cancellationToken).ConfigureAwait(false);
        }

        var found = new List<DerivedRow>();
        foreach (var environment in environments.Where(e => query.Environment is null || query.Environment == e))
        {
            found.AddRange(await inner.FindAsync(query with { Environment = environment }, cancellationToken).ConfigureAwait(false));
        }

        var order = Comparer<DerivedRow>.Create((a, b) => (a.Event.TimestampNanos, a.Row).CompareTo((b.Event.TimestampNanos, b.Row)));
        found.Sort((a, b) => query.OldestFirst ? order.Compare(a, b) : order.Compare(b, a));
        return found.Count <= query.Limit ? found : found.GetRange(0, query.Limit);
    }

    public async Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken) =>
        await inner.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } found && Caller.Sees(found.Environment) ? found : null;

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken) =>
        inner.FindAliasesAsync(afterRow, cancellationToken);

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) => inner.SaveSnapshotAsync(snapshot, cancellationToken);

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) => inner.LoadSnapshotAsync(cancellationToken);

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        inner.DueAlertsAsync(sink, now, limit, cancellationToken);

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken) => inner.NextAlertAsync(sink, cancellationToken);

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) => inner.WaitingSinksAsync(cancellationToken);

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        inner.MarkDeliveredAsync(id, sink, at, cancellationToken);

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        inner.HoldAlertAsync(id, sink, at, until, reason, cancellationToken);

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        inner.DropAlertAsync(id, sink, at, reason, cancellationToken);

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) => inner.ReleaseHeldAsync(cancellationToken);

    /// <remarks>The caller must have been shown the incident.</remarks>
    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        inner.FindDeliveriesAsync(incidentId, cancellationToken);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        inner.MarkFailedAsync(id, sink, failedAt, retryAt, reason, cancellationToken);

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        inner.GiveUpAsync(id, sink, letter, cancellationToken);

    public void Dispose() => (inner as IDisposable)?.Dispose();

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) => inner.AddDeadLetterAsync(letter, cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        inner.ListDeadLettersAsync(limit, cancellationToken);
}
