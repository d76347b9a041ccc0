using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Gives an alert up for one sink: a dead letter, a count, a log line, and a notice to others.</summary>
internal sealed partial class Surrender(
    IStateStore state, DeliveryWatch watch, AlertMetrics metrics, TimeProvider clock, ILogger<Surrender> logger)
{
    public async Task GiveUpAsync(OutboxItem alert, string reason)
    {
        var now = clock.GetUtcNow();
        var letter = new DeadLetter(
            $"{alert.Id}:{alert.Sink}", now, $"{alert.Sink} did not get the alert: {reason}", alert.Json[..Math.Min(alert.Json.Length, DeadLetter.MaxRawBytes)])
        {
            Kind = DeadLetterKinds.Alert,
            Tries = alert.Attempts + 1,
            EventId = alert.Id,
        };

        // The notice first: a crash in between gives the alert up once more, and then nobody is told twice. In the other order nobody would be told.
        // Not cancelled by a shutdown: what was decided about a delivery is written down.
        await watch.FailedAsync(alert, alert.FailingSince ?? now, reason, isLost: true, CancellationToken.None).ConfigureAwait(false);
        await state.GiveUpAsync(alert.Id, alert.Sink, letter, CancellationToken.None).ConfigureAwait(false);
        metrics.CountGivenUp(alert.Sink, alert.Id);
        GaveUp(alert.Sink, alert.Id, alert.IncidentId, reason);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Alert {Alert} of incident {Incident} will not reach sink {Sink}; it is in the dead letters: {Reason}")]
    private partial void GaveUp(string sink, string alert, string incident, string reason);
}
