using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.People;
using Culprit.Server.Detection;
using Culprit.Server.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Before an alert goes to a sink: asks the policy, and writes down what is held back or dropped.</summary>
internal sealed partial class AlertGate(IStateStore state, IncidentBook book, SilenceBook silences, AlertRules rules, EngineProgress progress, TimeProvider clock, ILogger<AlertGate> logger)
{
    /// <summary>The alert as it is to be sent; null when it is not sent now.</summary>
    public async Task<OutboxItem?> PassAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        // A notice about a sink has no incident: one of a later hour is no update of it. What cannot be read is the sink's to refuse.
        if (!AlertParser.TryParse(item.Json, out var alert, out _) || alert.FailingSink is not null)
        {
            return item;
        }

        var verdict = AlertPolicy.Judge(await AskAsync(item, alert, cancellationToken).ConfigureAwait(false));
        switch (verdict.Decision)
        {
            case AlertDecision.Send:
                return item;
            case AlertDecision.SendAsUpdate:
                return item with { Json = EventJson.With(item.Json, ("type", EventJson.Text(EventTypes.AlertUpdated))) };
            case AlertDecision.Hold:
                Held(item.Id, item.IncidentId, item.Sink, verdict.Until, verdict.Reason);
                await state.HoldAlertAsync(item.Id, item.Sink, clock.GetUtcNow(), verdict.Until, verdict.Reason, CancellationToken.None).ConfigureAwait(false);
                return null;
            case AlertDecision.Drop:
                Dropped(item.Id, item.IncidentId, item.Sink, verdict.Reason);
                await state.DropAlertAsync(item.Id, item.Sink, clock.GetUtcNow(), verdict.Reason, CancellationToken.None).ConfigureAwait(false);
                return null;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown decision {verdict.Decision}.");
        }
    }

    private async Task<AlertQuestion> AskAsync(OutboxItem item, Alert alert, CancellationToken cancellationToken)
    {
        var incident = book.Find(item.IncidentId);
        return new AlertQuestion(alert with { Id = item.Id }, item.Sink, clock.GetUtcNow())
        {
            Deliveries = await DeliveriesAsync(item.IncidentId, cancellationToken).ConfigureAwait(false),
            Act = incident?.Act,
            IsOver = incident is null,
            Routes = [.. rules.Router.RoutesOf(alert).Where(r => r.AllSinks.Contains(item.Sink, StringComparer.Ordinal))],
            Causes = incident is null ? [] : await CausesAsync(incident, item.Sink, cancellationToken).ConfigureAwait(false),
            Silences = silences.All,
            Maintenance = rules.Maintenance,
        };
    }

    /// <summary>Incidents of which this one is a symptom, as far as the sink took an alert of them: nothing is held back for what nobody heard of.</summary>
    private async Task<IReadOnlyList<KnownIncident>> CausesAsync(KnownIncident incident, string sink, CancellationToken cancellationToken)
    {
        var edges = progress.Environments.FirstOrDefault(e => e.Environment == incident.Environment)?.Edges ?? [];
        var told = new List<KnownIncident>();
        foreach (var cause in Inhibition.CausesOf(incident, book.All, edges))
        {
            var deliveries = await DeliveriesAsync(cause.Id, cancellationToken).ConfigureAwait(false) ?? [];
            if (deliveries.LastOrDefault(d => d.Sink == sink && d.State == DeliveryState.Delivered) is { } last && last.Type != EventTypes.AlertResolved)
            {
                told.Add(cause);
            }
        }

        return told;
    }

    private async Task<IReadOnlyList<AlertDelivery>?> DeliveriesAsync(string incidentId, CancellationToken cancellationToken)
    {
        try
        {
            return await state.FindDeliveriesAsync(incidentId, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            return null; // The database is away: alerts of new incidents go out all the same.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Alert {Alert} of incident {Incident} for sink {Sink} is held back until {Until:O}: {Reason}")]
    private partial void Held(string alert, string incident, string sink, DateTimeOffset until, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Alert {Alert} of incident {Incident} does not go to sink {Sink}: {Reason}")]
    private partial void Dropped(string alert, string incident, string sink, string reason);
}
