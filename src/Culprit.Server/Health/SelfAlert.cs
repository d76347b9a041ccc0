using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Health;

/// <summary>What people are told about one sign: that it is bad, got worse, or is well again.</summary>
/// <param name="EventType"><c>alert.firing</c>, <c>alert.updated</c> or <c>alert.resolved</c>.</param>
/// <param name="IncidentId">The same from the first alert to the last.</param>
/// <param name="Number">Counts the alerts of this incident from 0.</param>
/// <param name="Severity">The worst so far.</param>
internal sealed record SelfAlert(
    Sign Sign, string EventType, string IncidentId, int Number, DateTimeOffset StartedAt, DateTimeOffset At, IncidentSeverity Severity)
{
    /// <summary>Environment and service of alerts about the server itself.</summary>
    public const string Origin = "culprit";

    /// <summary>What only alerts of this kind have in their JSON.</summary>
    public const string Mark = "\"self_sign\":";

    public bool IsOpen => EventType != EventTypes.AlertResolved;

    /// <summary>An incident begins with its first alert: the same moment gives the same id.</summary>
    public static SelfAlert Firing(Sign sign, DateTimeOffset startedAt, DateTimeOffset at) => new(
        sign, EventTypes.AlertFiring, ContentId.Of("self-alert", sign.Id, startedAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture)), 0, startedAt, at, sign.Severity);

    public SelfAlert Next(string eventType, Sign sign, DateTimeOffset at) =>
        this with { EventType = eventType, Number = Number + 1, At = at, Sign = sign, Severity = sign.Severity > Severity ? sign.Severity : Severity };

    public DerivedEvent ToEvent() => EventWriter.Write(
        ContentId.Of("alert", IncidentId, Number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        EventType, At, Origin, Origin, IncidentId, null, null, json =>
        {
            json.WriteString("incident_id", IncidentId);
            json.WriteString("environment", Origin);
            json.WriteString("severity", Severity.ToWire());
            json.WriteString("anomaly_type", Sign.Type);
            json.WriteString("self_sign", Sign.Id);
            json.WriteNumber("number", Number);
            json.WriteString("started_at", StartedAt.UtcDateTime);
            json.WriteStartArray("services");
            json.WriteStringValue(Origin);
            json.WriteEndArray();
            json.WriteString("expected", Sign.Expected);
            json.WriteString("observed", Sign.Observed);
            json.WriteStartArray("sample_messages");
            json.WriteEndArray();
            if (IsOpen)
            {
                json.WriteString("root_cause", $"This Culprit is unwell: {Sign.Observed}.");
                json.WriteNumber("confidence", 1);
                json.WriteString("recommended_action", Sign.Advice);
            }
            else
            {
                json.WriteString("resolved_at", At.UtcDateTime);
            }
        });

    /// <summary>Reads what a server before this one told; null for an alert that is none of these.</summary>
    public static SelfAlert? Read(DerivedEvent stored)
    {
        using var json = JsonDocument.Parse(stored.Json);
        var root = json.RootElement;
        if (!root.TryGetProperty("self_sign", out var id) || !AlertParser.TryParse(stored.Json, out var alert, out _) || alert.StartedAt is not { } startedAt)
        {
            return null;
        }

        var sign = new Sign(
            id.GetString()!, alert.AnomalyType ?? "", SignLevel.Bad, alert.Severity, TimeSpan.Zero, alert.Observed ?? "", alert.Expected ?? "", alert.RecommendedAction ?? "");
        return new SelfAlert(
            sign, stored.Type, alert.IncidentId, root.GetProperty("number").GetInt32(), startedAt, UnixNanos.ToTime(stored.TimestampNanos), alert.Severity);
    }
}
