using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The state store that goes on while the database is away: what the engine makes is held, and alerts go out from there.</summary>
/// <remarks>
/// The database gets what was held in order, before anything newer. No snapshot is saved meanwhile, so a crash replays the
/// journal and makes it again under the same ids: an alert may then go out twice, with one dedup key. What was already in the outbox
/// waits, and so do later alerts of its incidents. When too much is held the engine waits as well.
/// </remarks>
internal sealed partial class OutageStateStore(IStateStore inner, TimeProvider clock, ILogger<OutageStateStore> logger) : IStateStore, IDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    // How soon deliverers look again whether the database is back.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HeldOutputs _held = new();
    private readonly CancellationTokenSource _ended = new();

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    public Task<long> GetEnginePositionAsync(CancellationToken cancellationToken) => inner.GetEnginePositionAsync(cancellationToken);

    public async Task<IReadOnlyList<DerivedEvent>> ApplyAsync(EngineOutput output, CancellationToken cancellationToken)
    {
        if (output.MustBeStored)
        {
            return IsHolding
                ? throw new StoreUnavailableException("The database does not answer.")
                : await inner.ApplyAsync(output, cancellationToken).ConfigureAwait(false);
        }

        lock (_gate)
        {
            if (!_held.IsEmpty)
            {
                return _held.IsFull
                    ? throw new StoreUnavailableException("The database does not answer, and no more may be held in memory.")
                    : _held.Add(output);
            }
        }

        try
        {
            return await inner.ApplyAsync(output, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException e)
        {
            Holding(e.Message);
            lock (_gate)
            {
                var made = _held.Add(output);
                _ = Task.Run(HandOverAsync, CancellationToken.None);
                return made;
            }
        }
    }

    public Task<IReadOnlyList<DerivedRow>> FindAsync(DerivedQuery query, CancellationToken cancellationToken) =>
        inner.FindAsync(query, cancellationToken);

    public Task<IReadOnlyList<NamedAliasRow>> FindAliasesAsync(long afterRow, CancellationToken cancellationToken) =>
        inner.FindAliasesAsync(afterRow, cancellationToken);

    public Task<DerivedEvent?> FindByIdAsync(string id, CancellationToken cancellationToken) => inner.FindByIdAsync(id, cancellationToken);

    /// <remarks>Refused while something is held: the journal must keep what made it.</remarks>
    public Task SaveSnapshotAsync(EngineSnapshot snapshot, CancellationToken cancellationToken) => IsHolding
        ? Task.FromException(new StoreUnavailableException("No snapshot is saved before the database has what comes before it."))
        : inner.SaveSnapshotAsync(snapshot, cancellationToken);

    public Task<EngineSnapshot?> LoadSnapshotAsync(CancellationToken cancellationToken) => inner.LoadSnapshotAsync(cancellationToken);

    public async Task<IReadOnlyList<OutboxItem>> DueAlertsAsync(
        string sink, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_held.IsEmpty)
            {
                return [.. _held.Heads(sink).Where(a => a.DueAt <= now).Take(limit).Select(a => a.Item)];
            }
        }

        return await OtherwiseAsync(() => inner.DueAlertsAsync(sink, now, limit, cancellationToken), []).ConfigureAwait(false);
    }

    public async Task<DateTimeOffset?> NextAlertAsync(string sink, CancellationToken cancellationToken)
    {
        var soon = clock.GetUtcNow() + LookAgain;
        return IsHolding
            ? soon
            : await OtherwiseAsync(() => inner.NextAlertAsync(sink, cancellationToken), soon).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<string>> WaitingSinksAsync(CancellationToken cancellationToken) =>
        OtherwiseAsync(() => inner.WaitingSinksAsync(cancellationToken), []);

    public Task MarkDeliveredAsync(string id, string sink, DateTimeOffset at, CancellationToken cancellationToken) =>
        TryHeld(id, sink, alert => alert.DeliveredAt = at) ? Task.CompletedTask : inner.MarkDeliveredAsync(id, sink, at, cancellationToken);

    /// <remarks>Decided again when the database is back.</remarks>
    public Task HoldAlertAsync(string id, string sink, DateTimeOffset at, DateTimeOffset until, string reason, CancellationToken cancellationToken) =>
        TryHeld(id, sink, alert => alert.DueAt = until) ? Task.CompletedTask : inner.HoldAlertAsync(id, sink, at, until, reason, cancellationToken);

    /// <remarks>Decided again when the database is back.</remarks>
    public Task DropAlertAsync(string id, string sink, DateTimeOffset at, string reason, CancellationToken cancellationToken) =>
        TryHeld(id, sink, alert => alert.DueAt = DateTimeOffset.MaxValue) ? Task.CompletedTask : inner.DropAlertAsync(id, sink, at, reason, cancellationToken);

    public Task ReleaseHeldAsync(CancellationToken cancellationToken) => inner.ReleaseHeldAsync(cancellationToken);

    public Task<IReadOnlyList<AlertDelivery>> FindDeliveriesAsync(string incidentId, CancellationToken cancellationToken) =>
        inner.FindDeliveriesAsync(incidentId, cancellationToken);

    public Task MarkFailedAsync(
        string id, string sink, DateTimeOffset failedAt, DateTimeOffset retryAt, string reason, CancellationToken cancellationToken) =>
        TryHeld(id, sink, alert =>
        {
            alert.Item = alert.Item with { Attempts = alert.Item.Attempts + 1, FailingSince = alert.Item.FailingSince ?? failedAt };
            alert.DueAt = retryAt;
        })
            ? Task.CompletedTask
            : inner.MarkFailedAsync(id, sink, failedAt, retryAt, reason, cancellationToken);

    /// <remarks>Letters need the database: what is held is tried once more when it is back.</remarks>
    public Task GiveUpAsync(string id, string sink, DeadLetter letter, CancellationToken cancellationToken) =>
        TryHeld(id, sink, alert => alert.DueAt = DateTimeOffset.MaxValue)
            ? Task.CompletedTask
            : inner.GiveUpAsync(id, sink, letter, cancellationToken);

    public Task AddDeadLetterAsync(DeadLetter letter, CancellationToken cancellationToken) => inner.AddDeadLetterAsync(letter, cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        inner.ListDeadLettersAsync(limit, cancellationToken);

    private bool IsHolding
    {
        get
        {
            lock (_gate)
            {
                return !_held.IsEmpty;
            }
        }
    }

    private static async Task<T> OtherwiseAsync<T>(Func<Task<T>> ask, T otherwise)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            return otherwise;
        }
    }

    private bool TryHeld(string id, string sink, Action<HeldAlert> change)
    {
        lock (_gate)
        {
            if (_held.Find(id, sink) is not { } alert)
            {
                return false;
            }

            change(alert);
            return true;
        }
    }

    /// <summary>Gives the database what is held, in order, however often it must try.</summary>
    private async Task HandOverAsync()
    {
        var pause = ShortestPause;
        try
        {
            while (IsHolding)
            {
                try
                {
                    await HandOverFirstAsync(_ended.Token).ConfigureAwait(false);
                    pause = ShortestPause;
                }
                catch (StoreUnavailableException)
                {
                    await Task.Delay(pause, clock, _ended.Token).ConfigureAwait(false);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                }
            }

            HandedOver();
        }
        catch (OperationCanceledException)
        {
            // The end of the process: the journal has it.
        }
        catch (Exception e)
        {
            // Another server has taken over, say: this one stops, and writes nothing more.
            NotHandedOver(e);
        }
    }

    private async Task HandOverFirstAsync(CancellationToken cancellationToken)
    {
        EngineOutput first;
        lock (_gate)
        {
            first = _held.First;
        }

        await inner.ApplyAsync(first, cancellationToken).ConfigureAwait(false);
        var written = 0;
        while (true)
        {
            IReadOnlyList<HeldAlert> delivered;
            lock (_gate)
            {
                delivered = _held.DeliveredOfFirst();
                if (delivered.Count == written)
                {
                    _held.RemoveFirst();
                    return;
                }
            }

            foreach (var alert in delivered.Skip(written))
            {
                await inner.MarkDeliveredAsync(alert.Item.Id, alert.Item.Sink, alert.DeliveredAt!.Value, cancellationToken).ConfigureAwait(false);
            }

            written = delivered.Count;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What the engine finds is held in memory until the database is back; alerts of new incidents go out: {Reason}")]
    private partial void Holding(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database is back and has what was held")]
    private partial void HandedOver();

    [LoggerMessage(Level = LogLevel.Critical, Message = "What was held cannot be given to the database")]
    private partial void NotHandedOver(Exception exception);
}
