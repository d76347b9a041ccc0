using Culprit.Engine.Records;
using Culprit.Server.Journal;

namespace Culprit.Server.Detection;

/// <summary>Journals the time once a second: the only way in which the clock reaches the engine.</summary>
internal sealed class TickWriter(IJournal journal, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            await journal.AppendTickAsync(UnixNanos.From(clock.GetUtcNow()), stoppingToken).ConfigureAwait(false);
        }
    }
}
