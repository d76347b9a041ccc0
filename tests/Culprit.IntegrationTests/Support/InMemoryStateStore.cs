using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.IntegrationTests.Support;

/// <summary>Derived events in a list. The rest of the state is not needed by the tests that use it.</summary>
internal sealed class InMemoryStateStore : IStateStore
{
    private readonly List<DerivedRow> _rows = [];
    private readonly List<NamedAliasRow> _aliases = [];
    private readonly Lock _lock = new();

    public void Add(DerivedEvent derived)
    {
        lock (_lock)
        {
            _rows.Add(new DerivedRow(_rows.Count + 1, derived));
        }
    }

    public void Add(NamedAlias alias)
    {
        lock (_lock)
        {
            _aliases.Add(new NamedAliasRow(_aliases.Count + 1, alias));
        }
    }

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<NamedAliasRow>>([.. _aliases.Where(a => a.Row > afterRow)]);
        }
    }

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = _rows.Where(r =>
                (query.Types is null || query.Types.Contains(r.Event.Type))
                && (query.Service is null || query.Service == r.Event.Service)
                && (query.Environment is null || query.Environment == r.Event.Environment)
                && (query.CorrelationId is null || query.CorrelationId == r.Event.CorrelationId)
                && (query.Text is null || Encoding.UTF8.GetString(r.Event.Json.Span).Contains(query.Text, StringComparison.OrdinalIgnoreCase))
                && r.Event.TimestampNanos >= query.FromNanos && r.Event.TimestampNanos < query.ToNanos
                && IsAfter(query, (r.Event.TimestampNanos, r.Row)));
            var ordered = query.OldestFirst
                ? found.OrderBy(r => (r.Event.TimestampNanos, r.Row))
                : found.OrderByDescending(r => (r.Event.TimestampNanos, r.Row));
            return Task.FromResult<IReadOnlyList<DerivedRow>>([.. ordered.Take(query.Limit)]);
        }
    }

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_rows.Find(r => r.Event.Id == id)?.Event);
        }
    }

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(
        string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AlertDelivery>>([]);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private static bool IsAfter(DerivedQuery query, (long, long) at) =>
        query.After is not { } after || (query.OldestFirst ? at.CompareTo(after) > 0 : at.CompareTo(after) < 0);
}
