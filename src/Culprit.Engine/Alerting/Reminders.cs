using System.Globalization;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>An alert that is due to be said again, or to somebody else.</summary>
/// <param name="Type"><c>alert.repeated</c> or <c>alert.escalated</c>.</param>
/// <param name="Id">The same whenever it is worked out: the outbox takes it once.</param>
internal sealed record Reminder(string Type, string Id, IReadOnlyList<string> Sinks);

/// <summary>Works out from what is stored which repetitions and escalations of an incident are due. Pure, so that a restart forgets none.</summary>
internal static class Reminders
{
    /// <param name="deliveries">All of the incident, in order.</param>
    /// <param name="routes">Those that take its newest alert.</param>
    public static IReadOnlyList<Reminder> Due(
        KnownIncident incident, IReadOnlyList<AlertDelivery> deliveries, IReadOnlyList<AlertRoute> routes, DateTimeOffset now)
    {
        if (incident.Act is not null || incident.AlertJson is null)
        {
            return [];
        }

        // Since the last end, if there was one: each bout is counted from its own start.
        var ends = deliveries.Where(d => d.Type == EventTypes.AlertResolved).Select(d => d.AlertId).ToHashSet(StringComparer.Ordinal);
        var bout = deliveries.Skip(deliveries.ToList().FindLastIndex(d => ends.Contains(d.AlertId)) + 1).ToList();
        var escalations = routes.SelectMany(r => r.Escalations.Where(e => IsDue(r, e, bout, now)).Select(e => Escalated(incident, e)))
            .Where(r => !deliveries.Any(d => d.AlertId == r.Id)).DistinctBy(r => r.Id).ToList();
        return [.. escalations, .. Repeated(routes, bout, now)];
    }

    private static bool IsDue(AlertRoute route, Escalation escalation, List<AlertDelivery> bout, DateTimeOffset now) =>
        bout.FirstOrDefault(d => route.Sinks.Contains(d.Sink, StringComparer.Ordinal)) is { } first && now >= first.AddedAt + escalation.After;

    private static Reminder Escalated(KnownIncident incident, Escalation escalation) => new(
        EventTypes.AlertEscalated,
        ContentId.Of(
            EventTypes.AlertEscalated, incident.OpenedBy, escalation.After.Ticks.ToString(CultureInfo.InvariantCulture), string.Join(',', escalation.Sinks)),
        escalation.Sinks);

    private static IEnumerable<Reminder> Repeated(IReadOnlyList<AlertRoute> routes, List<AlertDelivery> bout, DateTimeOffset now)
    {
        foreach (var sink in routes.SelectMany(r => r.AllSinks).Distinct(StringComparer.Ordinal))
        {
            // Of several routes to a sink the most impatient counts. What waits for the sink is news enough.
            var pause = routes.Where(r => r.AllSinks.Contains(sink, StringComparer.Ordinal)).Min(r => r.Repeat);
            var own = bout.Where(d => d.Sink == sink).ToList();
            if (pause is { } repeat
                && own.LastOrDefault(d => d.State == DeliveryState.Delivered) is { } last
                && !own.Exists(d => d.State == DeliveryState.Waiting)
                && now >= last.EndedAt + repeat)
            {
                yield return new Reminder(EventTypes.AlertRepeated, ContentId.Of(EventTypes.AlertRepeated, last.AlertId, sink), [sink]);
            }
        }
    }
}
