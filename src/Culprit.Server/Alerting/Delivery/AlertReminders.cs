using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Looks at the open incidents now and then, and says again what must not be forgotten.</summary>
/// <remarks>What is due follows from what is stored alone, so that a restart forgets nothing and repeats nothing.</remarks>
internal sealed partial class AlertReminders(
    IStateStore state, IncidentBook book, AlertPost post, AlertRules rules, SideOutput side, TimeProvider clock, ILogger<AlertReminders> logger) : BackgroundService
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
            else if (incident is { Act: null, Alert: { } alert } && rules.Router.RoutesOf(alert).Where(r => r.Repeat is not null || r.Escalations.Count > 0).ToList() is { Count: > 0 } routes)
            {
                await RemindAsync(incident, routes, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RemindAsync(KnownIncident incident, IReadOnlyList<AlertRoute> routes, CancellationToken cancellationToken)
    {
        var deliveries = await state.FindDeliveriesAsync(incident.Id, cancellationToken).ConfigureAwait(false);
        foreach (var reminder in Reminders.Due(incident, deliveries, routes, clock.GetUtcNow()))
        {
            await StoreAsync(post.ToOutput(incident, reminder), cancellationToken).ConfigureAwait(false);
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

    private Task StoreAsync(EngineOutput output, CancellationToken cancellationToken) =>
        side.StoreAsync(output with { MustBeStored = true }, cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Incident} goes on after {By} resolved it at {At:O}: it is open again")]
    private partial void GoesOn(string incident, string by, DateTimeOffset at);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for alerts to repeat failed; it is tried again in some seconds")]
    private partial void LookFailed(Exception exception);
}
