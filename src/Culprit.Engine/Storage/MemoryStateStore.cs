using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>A state store for one run: tests, and commands that read files.</summary>
internal sealed class MemoryStateStore : IStateStore
{
    private readonly Lock _gate = new();
    private readonly List<DerivedEvent> _events = [];
    private readonly Dictionary<string, DerivedEvent> _byId = new(StringComparer.Ordinal);
    private readonly List<Delivery> _outbox = [];
    private readonly List<DeadLetter> _deadLetters = [];
    private readonly Dictionary<PatternId, NamedAliasRow> _aliases = [];
    private EngineSnapshot? _snapshot;
    private long _position;
    private long _lastAlias;

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_position);
        }
    }

    public Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var added = new List<DerivedEvent>();
            foreach (var derived in output.Events)
            {
                if (_byId.TryAdd(derived.Id, derived))
                {
                    _events.Add(derived);
                    added.Add(derived);
                }
            }

            var known = _outbox.Select(d => d.Item.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var item in output.Outbox.Where(i => !known.Contains(i.Id)))
            {
                AddLocked(item);
                foreach (var told in _outbox
                    .Where(d => !item.IsForItsSinkOnly && d.Item.IncidentId == item.IncidentId && d.Item.Id != item.Id && d.State is DeliveryState.Waiting or DeliveryState.Delivered)
                    .Select(d => d.Item.Sink).Distinct().ToList())
                {
                    AddLocked(item with { Sink = told });
                }
            }

            foreach (var alias in output.Aliases)
            {
                AddLocked(alias);
            }

            _position = Math.Max(_position, output.Sequence);
            return Task.FromResult<IReadOnlyList<DerivedEvent>>(added);
        }
    }

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var matcher = new TextMatcher(query.Text ?? "");
            var rows = _events.Select((e, i) => new DerivedRow(i + 1, e)).Where(r => Matches(r, query, matcher));
            rows = query.OldestFirst
                ? rows.OrderBy(r => r.Event.TimestampNanos).ThenBy(r => r.Row)
                : rows.OrderByDescending(r => r.Event.TimestampNanos).ThenByDescending(r => r.Row);
            return Task.FromResult<IReadOnlyList<DerivedRow>>([.. rows.Take(query.Limit)]);
        }
    }

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<NamedAliasRow>>([.. _aliases.Values.Where(a => a.Row > afterRow).OrderBy(a => a.Row)]);
        }
    }

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_byId.GetValueOrDefault(id));
        }
    }

    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _snapshot = snapshot;
        }

        return Task.CompletedTask;
    }

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_snapshot);
        }
    }

    public Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<OutboxItem>>(
                [.. HeadsLocked(sink).Where(d => d.DueAt <= now).Take(limit).Select(d => d.Item)]);
        }
    }

    public Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(HeadsLocked(sink).Min(d => (DateTimeOffset?)d.DueAt));
        }
    }

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<string>>(
                [.. _outbox.Where(d => d.State == DeliveryState.Waiting).Select(d => d.Item.Sink).Distinct()]);
        }
    }

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindLocked(id, sink) is { State: DeliveryState.Waiting } delivery)
            {
                (delivery.State, delivery.EndedAt, delivery.Held) = (DeliveryState.Delivered, at, null);
                DropHeldLocked(delivery, at);
            }
        }

        return Task.CompletedTask;
    }

    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindLocked(id, sink) is { State: DeliveryState.Waiting } delivery)
            {
                (delivery.Held, delivery.DueAt) = (reason, until);
                DropHeldLocked(delivery, at);
            }
        }

        return Task.CompletedTask;
    }

    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindLocked(id, sink) is { State: DeliveryState.Waiting } delivery)
            {
                (delivery.State, delivery.EndedAt, delivery.Held) = (DeliveryState.Dropped, at, reason);
                DropHeldLocked(delivery, at);
            }
        }

        return Task.CompletedTask;
    }

    public Task ReleaseHeldAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var delivery in _outbox.Where(d => d.State == DeliveryState.Waiting && d.Held is not null))
            {
                delivery.DueAt = DateTimeOffset.MinValue;
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<AlertDelivery>>(
            [
                .. _outbox.Where(d => d.Item.IncidentId == incidentId).Select(d => new AlertDelivery(
                    d.Item.Id, _byId.GetValueOrDefault(d.Item.Id)?.Type, d.Item.Sink, d.State, d.Item.Attempts, d.Item.AddedAt, d.EndedAt, d.DueAt, d.Held)),
            ]);
        }
    }

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindLocked(id, sink) is { State: DeliveryState.Waiting } delivery)
            {
                delivery.Item = delivery.Item with
                {
                    Attempts = delivery.Item.Attempts + 1,
                    FailingSince = delivery.Item.FailingSince ?? failedAt,
                };
                delivery.DueAt = retryAt;
            }
        }

        return Task.CompletedTask;
    }

    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindLocked(id, sink) is { State: DeliveryState.Waiting } delivery)
            {
                (delivery.State, delivery.EndedAt) = (DeliveryState.GivenUp, letter.At);
                AddLetterLocked(letter);
            }
        }

        return Task.CompletedTask;
    }

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            AddLetterLocked(letter);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<DeadLetter>>([.. Enumerable.Reverse(_deadLetters).Take(limit)]);
        }
    }

    private static bool Matches(DerivedRow row, DerivedQuery query, TextMatcher text)
    {
        var e = row.Event;
        return (query.Types is null || query.Types.Contains(e.Type, StringComparer.Ordinal))
            && (query.Service is null || e.Service == query.Service)
            && (query.Environment is null || e.Environment == query.Environment)
            && (query.CorrelationId is null || e.CorrelationId == query.CorrelationId)
            && e.TimestampNanos >= query.FromNanos
            && (e.TimestampNanos < query.ToNanos || query.ToNanos == long.MaxValue)
            && (query.After is not { } after
                || RecordOrder.IsBefore(after, (e.TimestampNanos, row.Row), query.OldestFirst))
            && text.IsIn(e.Json.Span);
    }

    private Delivery? FindLocked(string id, string sink) =>
        _outbox.Find(d => d.Item.Id == id && d.Item.Sink == sink);

    /// <summary>The oldest waiting delivery of each incident.</summary>
    private List<Delivery> HeadsLocked(string sink)
    {
        // What is held back keeps nobody waiting.
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        return
        [
            .. _outbox.Where(d => d.State == DeliveryState.Waiting && d.Item.Sink == sink)
                .Where(d => d.Held is null ? waiting.Add(d.Item.IncidentId) : !waiting.Contains(d.Item.IncidentId)),
        ];
    }

    private void AddLocked(OutboxItem item)
    {
        if (FindLocked(item.Id, item.Sink) is null)
        {
            _outbox.Add(new Delivery(item));
        }
    }

    private void DropHeldLocked(Delivery newer, DateTimeOffset at)
    {
        foreach (var held in _outbox.TakeWhile(d => d != newer).Where(d => d.State == DeliveryState.Waiting && d.Held is not null
            && d.Item.IncidentId == newer.Item.IncidentId && d.Item.Sink == newer.Item.Sink))
        {
            (held.State, held.EndedAt) = (DeliveryState.Dropped, at);
        }
    }

    private void AddLocked(NamedAlias alias)
    {
        if (_aliases.GetValueOrDefault(alias.Old)?.Alias == alias)
        {
            return;
        }

        _aliases[alias.Old] = new NamedAliasRow(++_lastAlias, alias);
        if (_aliases.Count > NamedAlias.MaxKept)
        {
            _aliases.Remove(_aliases.MinBy(a => a.Value.Row).Key);
        }
    }

    private void AddLetterLocked(DeadLetter letter)
    {
        if (!_deadLetters.Exists(l => l.Id == letter.Id))
        {
            _deadLetters.Add(letter);
        }
    }

    /// <summary>One alert on its way to one sink.</summary>
    private sealed class Delivery(OutboxItem item)
    {
        public OutboxItem Item { get; set; } = item;

        public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MinValue;

        public DeliveryState State { get; set; }

        public DateTimeOffset? EndedAt { get; set; }

        public string? Held { get; set; }
    }
}
