using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Writes the events that tell of a sink which does not take alerts: to receivers they are alerts like others.</summary>
internal static class DeliveryNotice
{
    /// <summary>The environment of these events: they tell of this server, not of what it watches.</summary>
    public const string Environment = "culprit";

    /// <param name="outage">As it stands with this notice.</param>
    /// <param name="alert">That was not taken.</param>
    public static DerivedEvent Undelivered(DeliveryOutage outage, OutboxItem alert, string reason) =>
        Write(outage, EventTypes.AlertUndelivered, outage.NoticedAt, json =>
        {
            json.WriteString("observed", $"not taken since {AlertText.Iso(outage.Since)}: {reason}");
            json.WriteString("reason", reason);
            json.WriteString("alert_id", alert.Id);
            json.WriteString("alert_incident_id", alert.IncidentId);
            json.WriteString("recommended_action",
                $"Check the receiver and alerts:sinks:{outage.Sink}. What was given up is among the dead letters (GET /events/dlq) and can be sent again from there.");
        });

    /// <param name="outage">That is over.</param>
    public static DerivedEvent Redelivered(DeliveryOutage outage, DateTimeOffset now) =>
        Write(outage, EventTypes.AlertRedelivered, now, json =>
        {
            json.WriteString("observed", "takes alerts again");
            json.WriteString("resolved_at", EventWriter.Iso(now));
        });

    private static DerivedEvent Write(DeliveryOutage outage, string type, DateTimeOffset at, Action<Utf8JsonWriter> more)
    {
        var id = ContentId.Of(type, outage.IncidentId, at.UtcTicks.ToString(CultureInfo.InvariantCulture));
        return EventWriter.Write(id, type, at, Environment, null, outage.IncidentId, null, null, json =>
        {
            json.WriteString("incident_id", outage.IncidentId);
            json.WriteString("environment", Environment);
            json.WriteString("severity", "high");
            json.WriteString("anomaly_type", "alerts undelivered");
            json.WriteString("started_at", EventWriter.Iso(outage.Since));
            json.WriteStartArray("services");
            json.WriteStringValue(outage.Sink);
            json.WriteEndArray();
            json.WriteString("sink", outage.Sink);
            json.WriteString("expected", "every alert is taken within minutes");
            more(json);
        });
    }
}
