using System.Text.Json;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>Reads what the engine needs of a metric point or a span from the record's attributes.</summary>
/// <remarks>Ingestion has checked the fields; what is missing all the same makes the record useless, not an error.</remarks>
internal static class TelemetryFields
{
    public static bool TryReadMetric(in LogRecord record, out double value, out string unit)
    {
        value = 0;
        unit = string.Empty;
        var found = false;
        var json = new Utf8JsonReader(record.Attributes);
        while (NextProperty(ref json, out var name))
        {
            if (name == "value" && json.TokenType == JsonTokenType.Number)
            {
                found = json.TryGetDouble(out value) && double.IsFinite(value);
            }
            else if (name == "unit" && json.TokenType == JsonTokenType.String)
            {
                unit = json.GetString() ?? string.Empty;
            }
            else
            {
                json.Skip();
            }
        }

        return found;
    }

    /// <summary>The parent's span id; empty for a root. Escaped ids are not unescaped: ids are hex digits.</summary>
    public static ReadOnlySpan<byte> ParentSpan(in LogRecord record)
    {
        var json = new Utf8JsonReader(record.Attributes);
        while (NextProperty(ref json, out var name))
        {
            if (name is "parent_id" or "parent_span_id" && json.TokenType == JsonTokenType.String)
            {
                return json.ValueSpan;
            }

            json.Skip();
        }

        return [];
    }

    /// <summary>Steps to the value of the next property of the outermost object; false at its end.</summary>
    internal static bool NextProperty(ref Utf8JsonReader json, out string? name)
    {
        name = null;
        try
        {
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 1)
                {
                    name = json.GetString();
                    return json.Read();
                }
            }
        }
        catch (JsonException)
        {
            // Attributes were valid when they were admitted; a damaged record yields what was read so far.
        }

        return false;
    }
}
