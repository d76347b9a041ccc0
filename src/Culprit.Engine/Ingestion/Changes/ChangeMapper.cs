using System.Buffers;
using System.Text.Json;

namespace Culprit.Engine.Ingestion.Changes;

/// <summary>The body of <c>POST /changes</c> as <c>change</c> events of the wire.</summary>
/// <remarks>
/// A change keeps every field that it came with. What an event needs and senders of changes leave out is added: the type, and a
/// message of the fields that name the change.
/// </remarks>
internal static class ChangeMapper
{
    private static readonly string[] Naming = ["service", "version", "ref", "flag", "name", "title", "description", "sha"];

    /// <summary>An object for an object, an array for an array; the event parser judges the rest.</summary>
    /// <exception cref="JsonException">The body is no JSON.</exception>
    public static ChangeMapping Map(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = EventLimits.MaxDepth + 2 });
        var root = document.RootElement;
        if (root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            return ChangeMapping.Refused("a change is a JSON object, or several in an array");
        }

        var events = new ArrayBufferWriter<byte>(body.Length + 256);
        using (var json = new Utf8JsonWriter(events))
        {
            if (root.ValueKind == JsonValueKind.Object)
            {
                Write(json, root);
            }
            else
            {
                json.WriteStartArray();
                foreach (var change in root.EnumerateArray())
                {
                    Write(json, change);
                }

                json.WriteEndArray();
            }
        }

        return ChangeMapping.Of(events.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter json, JsonElement change)
    {
        json.WriteStartObject();
        json.WriteString("type", "change");
        if (change.ValueKind != JsonValueKind.Object)
        {
            json.WriteEndObject(); // Without a kind it is rejected, by its index.
            return;
        }

        var hasMessage = false;
        foreach (var field in change.EnumerateObject().Where(f => f.Name != "type"))
        {
            field.WriteTo(json);
            hasMessage |= field.Name == "message";
        }

        if (!hasMessage)
        {
            json.WriteString("message", Message(change));
        }

        json.WriteEndObject();
    }

    /// <summary><c>deploy checkout 2.4.1</c>.</summary>
    private static string Message(JsonElement change) => string.Join(' ', Naming.Prepend("kind")
        .Select(name => change.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null)
        .Where(text => !string.IsNullOrEmpty(text)));
}
