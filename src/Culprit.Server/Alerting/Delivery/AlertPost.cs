using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>
/// Makes ready what is to be stored: puts labels on alerts and addresses them along the routes, and people's word on the states of incidents.
/// </summary>
internal sealed class AlertPost(AlertRouter router, ServiceLabels labels, IncidentBook book, TimeProvider clock)
{
    /// <summary>Sinks that also get the changes that come in.</summary>
    public IReadOnlyList<string> ChangeSinks => router.ChangeSinks;

    /// <summary>Alert events have their labels, and each an entry for each of its sinks; states say who acknowledged or resolved the incident.</summary>
    /// <param name="sequence">The journal position that it covers; 0 when it is not the engine's.</param>
    public EngineOutput ToOutput(long sequence, IReadOnlyList<DerivedEvent> events)
    {
        var output = new List<DerivedEvent>(events.Count);
        var outbox = new List<OutboxItem>();
        foreach (var made in events)
        {
            if (made.Type.StartsWith("alert.", StringComparison.Ordinal))
            {
                var alert = made with { Json = labels.Put(made.Json) };
                output.Add(alert);
                outbox.AddRange(router.Route(alert.Json).Select(sink => ToItem(alert, sink)));
            }
            else
            {
                output.Add(made.Type == EventTypes.IncidentUpdated ? Overlaid(made, events) : made);
            }
        }

        return new EngineOutput(sequence, output, outbox);
    }

    /// <summary>The incident's newest alert, said again to the sinks of a reminder and to no other.</summary>
    public EngineOutput ToOutput(KnownIncident incident, Reminder reminder)
    {
        var alert = IncidentEvents.Of(incident, reminder, clock.GetUtcNow());
        return new EngineOutput(0, [alert], [.. reminder.Sinks.Select(sink => ToItem(alert, sink) with { IsForItsSinkOnly = true })]);
    }

    /// <summary>Takes the events that were new to the store, in order.</summary>
    public void Stored(IEnumerable<DerivedEvent> added) => book.Add(added);

    private OutboxItem ToItem(DerivedEvent alert, string sink) =>
        new(alert.Id, sink, alert.CorrelationId!, alert.Json, 0) { AddedAt = clock.GetUtcNow() };

    private DerivedEvent Overlaid(DerivedEvent update, IReadOnlyList<DerivedEvent> events) =>
        book.Find(update.CorrelationId!)?.Act is { } act
        && !events.Any(e => e.Type == EventTypes.IncidentReopened && e.CorrelationId == update.CorrelationId)
            ? update with { Json = IncidentBook.Overlay(update.Json, act) }
            : update;
}
