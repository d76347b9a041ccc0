using System.Globalization;
using System.Text.Json;

namespace Culprit.Server.Http;

/// <summary>Reads fields of JSON that may lack them or hold something else.</summary>
internal static class JsonFields
{
    /// <summary>The text; null when there is none.</summary>
    public static string? TextOrNull(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The text; empty when there is none.</summary>
    public static string Text(JsonElement json, string name) => TextOrNull(json, name) ?? string.Empty;

    /// <summary>An ISO 8601 time, UTC where it has no offset; null when there is none.</summary>
    public static DateTimeOffset? Time(JsonElement json, string name) => DateTimeOffset.TryParse(
        TextOrNull(json, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    /// <summary>The texts of a list; none when there is no list.</summary>
    public static List<string> Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Array
            ? [.. values.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)]
            : [];
}
