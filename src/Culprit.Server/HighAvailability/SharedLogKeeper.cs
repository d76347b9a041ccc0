using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>Deletes from the shared log what nobody needs any more. Runs on the active server.</summary>
internal sealed partial class SharedLogKeeper(SharedLog log, SharedLogTable table, TimeProvider clock, ILogger<SharedLogKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var trimmed = 0L;
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                if (log.TrimmableSequence is var through && through > trimmed)
                {
                    await table.TrimAsync(through, stoppingToken).ConfigureAwait(false);
                    trimmed = through;
                }
            }
            catch (StoreFencedException)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The outermost loop: the next round tries again.
                TrimFailed(e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The shared log could not be trimmed; the next try follows: {Reason}")]
    private partial void TrimFailed(string reason);
}
