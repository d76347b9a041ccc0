using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Storage;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Alerts as they lie in the outbox.</summary>
internal static class SomeEvent
{
    public const string AlertId = "a1b2c3d4e5f60718a1b2c3d4e5f60718";
    public const string IncidentId = "0123456789abcdef0123456789abcdef";

    /// <param name="text">Of every field that may quote a log.</param>
    public static OutboxItem Item(string type = "alert.firing", string text = "23 errors in 60 s", string severity = "high")
    {
        var json = new JsonObject
        {
            ["id"] = AlertId,
            ["type"] = type,
            ["source"] = "culprit",
            ["timestamp"] = "2026-05-04T10:20:40.000000Z",
            ["incident_id"] = IncidentId,
            ["environment"] = "prod",
            ["severity"] = severity,
            ["anomaly_type"] = "error_spike",
            ["started_at"] = "2026-05-04T10:20:30.500000Z",
            ["services"] = new JsonArray("payments", text),
            ["expected"] = "at most 2 errors in 60 s",
            ["observed"] = text,
            ["error_count"] = 23,
            ["sample_messages"] = new JsonArray([.. Enumerable.Repeat(text, text.Length > 10_000 ? 2 : 20).Select(t => JsonValue.Create(t))]),
            ["root_cause"] = text,
            ["confidence"] = 0.8,
            ["recommended_action"] = text,
            ["runbook"] = "db/connections.md",
        };
        return new OutboxItem(AlertId, "sink", IncidentId, Encoding.UTF8.GetBytes(json.ToJsonString()), 0);
    }
}
