using Culprit.Server.Alerting.Delivery;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Wakes whoever delivers alerts when the outbox has something new, whoever put it there.</summary>
internal sealed partial class OutboxListener(
    PostgresDatabase database, AlertSignal signal, TimeProvider clock, ILogger<OutboxListener> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var session = await database.ConnectApartAsync(stoppingToken).ConfigureAwait(false);
                session.Notification += (_, _) => signal.Wake();
                await Sql.ExecuteAsync(session, $"LISTEN {PostgresOutbox.Channel}", [], stoppingToken).ConfigureAwait(false);
                signal.Wake(); // For what came while nobody listened.
                pause = ShortestPause;
                while (true)
                {
                    await session.WaitAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (PostgresFailures.ArePassing(e))
            {
                SessionEnded(pause.TotalSeconds, e.Message);
                await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Nobody listens to the outbox for {Seconds} s: {Reason}")]
    private partial void SessionEnded(double seconds, string reason);
}
