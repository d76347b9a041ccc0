using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Alerting;

/// <summary>Events about incidents that are not the engine's: what people did, and reminders. Made of the engine's newest ones.</summary>
internal static class IncidentEvents
{
    /// <summary>The incident's new state, and the alert that tells of it once there was one.</summary>
    public static IReadOnlyList<DerivedEvent> Of(KnownIncident incident, IncidentAct act)
    {
        var (state, alert) = act.Kind == ActKind.Acknowledged
            ? (EventTypes.IncidentAcknowledged, EventTypes.AlertAcknowledged)
            : (EventTypes.IncidentResolved, EventTypes.AlertResolved);
        var events = new List<DerivedEvent> { Make(state, incident, IncidentBook.Overlay(incident.StateJson, act), act.At) };
        if (incident.AlertJson is { } told)
        {
            var json = EventJson.With(told, ("by", EventJson.Text(act.By)), ("comment", EventJson.Text(act.Comment)));
            json = act.Kind == ActKind.Resolved ? EventJson.With(json, ("resolved_at", EventJson.Text(EventWriter.Iso(act.At)))) : json;
            events.Add(Make(alert, incident, json, act.At));
        }

        return events;
    }

    /// <summary>People resolved it, and it goes on: open again, and told anew.</summary>
    public static IReadOnlyList<DerivedEvent> Reopened(KnownIncident incident, DateTimeOffset at)
    {
        var none = EventJson.Text(null);
        var state = EventJson.With(
            incident.StateJson, ("state", EventJson.Text("open")), ("resolved_by", none), ("resolved_at", none), ("comment", none));
        var events = new List<DerivedEvent> { Make(EventTypes.IncidentReopened, incident, state, at) };
        if (incident.AlertJson is { } told)
        {
            events.Add(Make(EventTypes.AlertFiring, incident, told, at));
        }

        return events;
    }

    /// <summary>The newest alert, said again.</summary>
    public static DerivedEvent Of(KnownIncident incident, Reminder reminder, DateTimeOffset at) =>
        Make(reminder.Id, reminder.Type, incident, incident.AlertJson!.Value, at);

    /// <summary>The event anew: with an id of its own, its type and time, caused by what opened the incident.</summary>
    private static DerivedEvent Make(string type, KnownIncident incident, ReadOnlyMemory<byte> json, DateTimeOffset at) =>
        Make(ContentId.Of(type, incident.OpenedBy, at.UtcTicks.ToString(CultureInfo.InvariantCulture)), type, incident, json, at);

    private static DerivedEvent Make(string id, string type, KnownIncident incident, ReadOnlyMemory<byte> json, DateTimeOffset at)
    {
        var written = EventJson.With(
            json,
            ("id", EventJson.Text(id)),
            ("type", EventJson.Text(type)),
            ("timestamp", EventJson.Text(EventWriter.Iso(at))),
            ("meta", writer => WriteMeta(writer, incident)));
        return new DerivedEvent(id, type, UnixNanos.From(at), incident.Environment, null, incident.Id, incident.OpenedBy, written);
    }

    private static void WriteMeta(Utf8JsonWriter writer, KnownIncident incident)
    {
        writer.WriteStartObject();
        writer.WriteNull("trace_id");
        writer.WriteString("correlation_id", incident.Id);
        writer.WriteString("causation_id", incident.OpenedBy);
        writer.WriteEndObject();
    }
}
