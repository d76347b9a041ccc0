using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;

namespace Culprit.Server.Alerting.Trying;

/// <summary>What a sink made of a test alert.</summary>
internal sealed record TestAnswer(string Sink, DeliveryResult Result);

/// <summary>Sends an alert that says it is a test through the sinks of a route, past the outbox, and ends it again where it was taken.</summary>
internal sealed class AlertTest(AlertRules rules, IEnumerable<IAlertSink> sinks, TimeProvider clock)
{
    private readonly Dictionary<string, IAlertSink> _sinks = sinks.ToDictionary(s => s.Name, StringComparer.Ordinal);

    /// <summary>The route of a name, in any case; null when there is none.</summary>
    public AlertRoute? Find(string name) =>
        rules.Router.Routes.FirstOrDefault(r => r.Name is { } own && own.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>What each sink answered, those of escalations too, in the order of the route.</summary>
    /// <param name="by">Who asked for it; the alert says so.</param>
    public async Task<IReadOnlyList<TestAnswer>> RunAsync(AlertRoute route, string by, CancellationToken cancellationToken)
    {
        var incident = "test-" + Guid.NewGuid().ToString("N");
        return await Task.WhenAll(route.AllSinks.Select(async sink =>
        {
            var result = await SendAsync(sink, route, by, incident, EventTypes.AlertFiring, cancellationToken).ConfigureAwait(false);
            return new TestAnswer(sink, result.Outcome == DeliveryOutcome.Delivered
                ? await SendAsync(sink, route, by, incident, EventTypes.AlertResolved, cancellationToken).ConfigureAwait(false)
                : result);
        })).ConfigureAwait(false);
    }

    private Task<DeliveryResult> SendAsync(string sink, AlertRoute route, string by, string incident, string type, CancellationToken cancellationToken)
    {
        var id = $"{incident}-{(type == EventTypes.AlertFiring ? "1" : "2")}";
        var alert = new OutboxItem(id, sink, incident, Write(id, incident, type, route, by), 0);
        return SinkAttempt.MakeAsync(_sinks[sink], alert, clock, threw: null, cancellationToken);
    }

    private ReadOnlyMemory<byte> Write(string id, string incident, string type, AlertRoute route, string by)
    {
        var now = EventWriter.Iso(clock.GetUtcNow());
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type);
            json.WriteString("source", "culprit");
            json.WriteString("timestamp", now);
            json.WriteBoolean("test", true);
            json.WriteString("incident_id", incident);
            json.WriteString("environment", "test");
            json.WriteString("severity", route.Match.MinSeverity.ToWire());
            json.WriteString("anomaly_type", "test");
            json.WriteStartArray("services");
            json.WriteStringValue("culprit");
            json.WriteEndArray();
            json.WriteString("started_at", now);
            json.WriteString("expected", "nothing");
            json.WriteString("observed", $"TEST of route {route.Name} by {by}; nothing is wrong");
            json.WriteString("root_cause", "Somebody tests whether alerts arrive.");
            json.WriteString("recommended_action", "None.");
            if (type == EventTypes.AlertResolved)
            {
                json.WriteString("resolved_at", now);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
