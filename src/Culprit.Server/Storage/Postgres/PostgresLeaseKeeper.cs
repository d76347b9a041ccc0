using Culprit.Server.HighAvailability;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Holds on to the right to run; stops the server when another has taken over.</summary>
internal sealed partial class PostgresLeaseKeeper(
    PostgresLease lease, StopReason reason, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<PostgresLeaseKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                if (!await lease.KeepAsync(stoppingToken).ConfigureAwait(false))
                {
                    TakenOver();
                    reason.Fail();
                    lifetime.StopApplication();
                    return;
                }
            }
            catch (Exception e) when (e is StoreUnavailableException || PostgresFailures.ArePassing(e))
            {
                // The database is away; whether another took over meanwhile shows when it is back.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Another server has taken over the database: this one stops. What it has in its journal and not in the database stays there")]
    private partial void TakenOver();
}
