using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;

namespace Culprit.Server.Alerting.People;

/// <summary>The silences, in memory as they are stored: who judges alerts must not need the store.</summary>
internal sealed class SilenceBook(ISilenceStore store, IStateStore state, AlertSignal signal, TimeProvider clock) : IHostedLifecycleService, IDisposable
{
    /// <summary>How long one that ended is still listed.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private IReadOnlyList<Silence> _all = [];

    /// <summary>In the order in which they were made, ended ones too.</summary>
    public IReadOnlyList<Silence> All => Volatile.Read(ref _all);

    public Task AddAsync(Silence silence) => SaveAsync(silence);

    /// <summary>Ends it now; what it held back is judged anew. Null when there is none of this id; one that has ended stays as it is.</summary>
    public async Task<Silence?> EndAsync(string id)
    {
        if (All.FirstOrDefault(s => s.Id == id) is not { } silence)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        if (silence.EndsAt <= now)
        {
            return silence;
        }

        // One that has not begun yet never does.
        var ended = silence with { EndsAt = now, StartsAt = silence.StartsAt < now ? silence.StartsAt : now };
        await SaveAsync(ended).ConfigureAwait(false);
        await state.ReleaseHeldAsync(CancellationToken.None).ConfigureAwait(false);
        signal.Wake();
        return ended;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _turn.Dispose();

    private async Task SaveAsync(Silence silence)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            var stored = new StoredSilence(silence.Id, SilenceJson.Render(silence), silence.EndsAt);
            await store.SaveAsync(stored, clock.GetUtcNow() - Kept, CancellationToken.None).ConfigureAwait(false);
            await LoadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var stored = await store.AllAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _all, [.. stored.Select(s => SilenceJson.Read(s.Json))]);
    }
}
