using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>What became of an alert for a sink, as the API shows it.</summary>
internal static class DeliveryJson
{
    public static ReadOnlyMemory<byte> Render(AlertDelivery delivery)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("alert_id", delivery.AlertId);
            json.WriteString("type", delivery.Type);
            json.WriteString("sink", delivery.Sink);
            json.WriteString("state", StateOf(delivery));
            json.WriteString("reason", delivery.Held);
            json.WriteNumber("failed_attempts", delivery.Attempts);
            if (delivery.AddedAt > DateTimeOffset.MinValue)
            {
                json.WriteString("added_at", AlertText.Iso(delivery.AddedAt));
            }

            if (delivery.EndedAt is { } ended)
            {
                json.WriteString("ended_at", AlertText.Iso(ended));
            }
            else if (delivery.DueAt > DateTimeOffset.MinValue)
            {
                json.WriteString("due_at", AlertText.Iso(delivery.DueAt));
            }

            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static string StateOf(AlertDelivery delivery) => delivery.State switch
    {
        DeliveryState.Waiting => delivery.Held is null ? "waiting" : "held",
        DeliveryState.Delivered => "delivered",
        DeliveryState.GivenUp => "dead_letter",
        DeliveryState.Dropped => "dropped",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown state {delivery.State}."),
    };
}
