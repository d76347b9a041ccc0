using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>The keys in memory; looks after changes that others make to the store every few seconds.</summary>
/// <remarks>While the store cannot be read, what was read last holds.</remarks>
internal sealed partial class KeyRing(IKeyStore store, TimeProvider clock, ILogger<KeyRing> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private IReadOnlyDictionary<string, ApiKey> _byHash = new Dictionary<string, ApiKey>();

    /// <summary>The key with this secret; null when there is none that is valid now.</summary>
    public ApiKey? Find(string secret) =>
        Volatile.Read(ref _byHash).GetValueOrDefault(Convert.ToHexString(KeySecret.Hash(secret))) is { } key && key.IsValid(clock.GetUtcNow()) ? key : null;

    /// <summary>Takes in what the store has now.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        var keys = await store.AllAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _byHash, keys.ToDictionary(k => Convert.ToHexString(k.Hash.Span)));
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await ReloadAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // The outermost loop: the next round tries again.
                    ReloadFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "API keys cannot be read; those that are known hold")]
    private partial void ReloadFailed(Exception exception);
}
