using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting;

/// <summary>Looks at the open incidents now and then, and says again what must not be forgotten.</summary>
/// <remarks>What is due follows from what is stored alone, so that a restart forgets nothing and repeats nothing.</remarks>
internal sealed partial class AlertReminders(
    IStateStore state, IncidentBook book, AlertPost post, EventHub hub, AlertSignal signal, TimeProvider clock, ILogger<AlertReminders> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Does what is due now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var incident in book.All)
        {
            if (incident.Act is { Kind: ActKind.Resolved } end && clock.GetUtcNow() >= end.At + AlertPolicy.ResolveHold)
            {
                GoesOn(incident.Id, end.By, end.At);
                await StoreAsync(post.ToOutput(0, IncidentEvents.Reopened(incident, clock.GetUtcNow())), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The outermost loop: the store failed, say. What is due is due at the next look as well.
                LookFailed(e);
            }
        }
    }

    private async Task StoreAsync(EngineOutput output, CancellationToken cancellationToken)
    {
        var added = await state.ApplyAsync(output with { MustBeStored = true }, cancellationToken).ConfigureAwait(false);
        post.Stored(added);
        foreach (var stored in added)
        {
            hub.Publish(stored);
        }

        signal.Wake();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Incident} goes on after {By} resolved it at {At:O}: it is open again")]
    private partial void GoesOn(string incident, string by, DateTimeOffset at);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for alerts to repeat failed; it is tried again in some seconds")]
    private partial void LookFailed(Exception exception);
}
