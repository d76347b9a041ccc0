using System.Buffers;
using System.Text.Json;

namespace Culprit.Engine.Publishing;

/// <summary>Events with some of their fields said anew; everything else stays as it was written.</summary>
internal static class EventJson
{
    /// <summary>The object with these fields in place of those of the same name; new ones come last. A null value becomes JSON null.</summary>
    public static ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> json, params ReadOnlySpan<(string Name, Action<Utf8JsonWriter> Value)> fields)
    {
        using var document = JsonDocument.Parse(json);
        var buffer = new ArrayBufferWriter<byte>(json.Length + 256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (Find(fields, property.Name) is not { } value)
            {
                property.WriteTo(writer);
            }
            else if (written.Add(property.Name))
            {
                writer.WritePropertyName(property.Name);
                value(writer);
            }
        }

        foreach (var (name, value) in fields)
        {
            if (written.Add(name))
            {
                writer.WritePropertyName(name);
                value(writer);
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>A text as the value of a field.</summary>
    public static Action<Utf8JsonWriter> Text(string? text) => writer => writer.WriteStringValue(text);

    private static Action<Utf8JsonWriter>? Find(ReadOnlySpan<(string Name, Action<Utf8JsonWriter> Value)> fields, string name)
    {
        foreach (var field in fields)
        {
            if (field.Name == name)
            {
                return field.Value;
            }
        }

        return null;
    }
}
