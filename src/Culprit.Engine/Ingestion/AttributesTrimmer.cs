using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Culprit.Engine.Ingestion;

/// <summary>Rewrites an attributes object that is over the limits: members beyond the limit go, long strings are cut.</summary>
internal static class AttributesTrimmer
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = EventLimits.MaxDepth + 2 };

    // The relaxed encoder keeps the bytes as sent where it can; pages escape on output.
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };


    /// <param name="isCut">False when everything was within the limits after all.</param>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> attributes, out bool isCut)
    {
        isCut = false;
        var output = new ArrayBufferWriter<byte>(Math.Min(attributes.Length, EventLimits.MaxEventBytes) + 64);
        using (var writer = new Utf8JsonWriter(output, WriterOptions))
        {
            var reader = new Utf8JsonReader(attributes, ReaderOptions);
            var fields = 0;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && ++fields > EventLimits.MaxFields)
                {
                    reader.Skip();
                    isCut = true;
                    continue;
                }

                isCut |= Copy(ref reader, writer);
            }
        }

        return output.WrittenSpan;
    }

    /// <summary>True when the token did not fit and was cut.</summary>
    private static bool Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        var isCut = false;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                break;
            case JsonTokenType.EndObject:
                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                break;
            case JsonTokenType.EndArray:
                writer.WriteEndArray();
                break;
            case JsonTokenType.PropertyName:
                writer.WritePropertyName(Cut(ref reader, out isCut));
                break;
            case JsonTokenType.String:
                writer.WriteStringValue(Cut(ref reader, out isCut));
                break;
            case JsonTokenType.Number when reader.ValueSpan.Length > EventLimits.MaxValueBytes:
                writer.WriteStringValue(reader.ValueSpan[..EventLimits.MaxValueBytes]);
                isCut = true;
                break;
            default:
                writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                break;
        }

        return isCut;
    }

    private static ReadOnlySpan<byte> Cut(ref Utf8JsonReader reader, out bool isCut)
    {
        var text = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            var plain = new byte[text.Length];
            text = plain.AsSpan(0, JsonText.Unescape(text, plain));
        }

        var length = JsonText.CutLength(text, EventLimits.MaxValueBytes);
        isCut = length < text.Length;
        return text[..length];
    }
}
