using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>Reads what the engine needs of a metric point or a span from the record's attributes.</summary>
/// <remarks>Ingestion has checked the fields; what is missing all the same makes the record useless, not an error.</remarks>
internal static class TelemetryFields
{
    /// <param name="metric">The metric's name, with the series where the record names one.</param>
    public static bool TryReadMetric(in LogRecord record, out string metric, out double value, out string unit)
    {
        value = 0;
        unit = string.Empty;
        var series = string.Empty;
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
            else if (name == "series" && json.TokenType == JsonTokenType.String)
            {
                series = json.GetString() ?? string.Empty;
            }
            else
            {
                json.Skip();
            }
        }

        metric = found ? MetricName.Of(Encoding.UTF8.GetString(record.Body), series) : string.Empty;
        return found;
    }

    /// <summary>Parent, duration and outcome of a span. Escaped ids are not unescaped: ids are hex digits.</summary>
    public static SpanFields ReadSpan(in LogRecord record)
    {
        var span = default(SpanFields);
        var json = new Utf8JsonReader(record.Attributes);
        while (NextProperty(ref json, out var name))
        {
            switch (name)
            {
                case "parent_id" or "parent_span_id" when json.TokenType == JsonTokenType.String:
                    span.ParentId = json.ValueSpan;
                    break;
                case "duration_ms" when json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var milliseconds)
                    && milliseconds is >= 0 and < 1e9:
                    span.DurationNanos = milliseconds * 1e6;
                    break;
                case "status" or "status_code" when json.TokenType == JsonTokenType.String:
                    span.IsError |= json.ValueTextEquals("ERROR"u8) || json.ValueTextEquals("error"u8) || json.ValueTextEquals("Error"u8);
                    break;
                case "error" when json.TokenType == JsonTokenType.True
                    || (json.TokenType == JsonTokenType.String && json.ValueSpan.Length > 0 && !json.ValueTextEquals("false"u8)):
                    span.IsError = true;
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return span;
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

/// <summary>What a span's attributes say.</summary>
internal ref struct SpanFields
{
    /// <summary>The parent's span id; empty for a root.</summary>
    public ReadOnlySpan<byte> ParentId;

    /// <summary>0 when it is not given.</summary>
    public double DurationNanos;

    public bool IsError;
}
