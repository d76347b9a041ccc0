using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Redaction;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Masks secrets and account numbers in an alert before its sink sees it: what services log must not reach a chat or a mail.</summary>
/// <remarks>
/// The stored event keeps what was logged, for those who may read it here. Each alert is masked by itself, so that every try says the same.
/// </remarks>
internal sealed class RedactingSink(IAlertSink sink) : IAlertSink
{
    /// <summary>Ours, not what somebody logged; a number of many digits in an id is no card.</summary>
    private static readonly HashSet<string> OwnFields = new(
        ["id", "type", "source", "timestamp", "incident_id", "correlation_id", "supersedes", "started_at", "resolved_at", "at"], StringComparer.Ordinal);

    public string Name => sink.Name;

    public Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken) =>
        sink.DeliverAsync(alert with { Json = Mask(alert.Json) }, cancellationToken);

    private static ReadOnlyMemory<byte> Mask(ReadOnlyMemory<byte> json)
    {
        var redactor = new Redactor { KeepsContacts = true };
        try
        {
            var alert = JsonNode.Parse(json.Span);
            Mask(alert, redactor);
            return redactor.Count == 0 ? json : Encoding.UTF8.GetBytes(alert!.ToJsonString());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not JSON, half a surrogate pair, or a name twice: masked as the text that it is, so that nothing leaves unmasked for that.
            return Encoding.UTF8.GetBytes(redactor.Redact(Encoding.UTF8.GetString(json.Span)));
        }
    }

    private static void Mask(JsonNode? node, Redactor redactor)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.Where(f => !OwnFields.Contains(f.Key)).ToList())
                {
                    if (Text(value) is { } text)
                    {
                        fields[name] = redactor.Redact(text);
                    }
                    else
                    {
                        Mask(value, redactor);
                    }
                }

                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    if (Text(items[i]) is { } text)
                    {
                        items[i] = redactor.Redact(text);
                    }
                    else
                    {
                        Mask(items[i], redactor);
                    }
                }

                break;
            default:
                break;
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
