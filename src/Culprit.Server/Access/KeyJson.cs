using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>Keys and audit entries as JSON.</summary>
internal static class KeyJson
{
    /// <param name="secret">Shown once, when the key is made; null otherwise.</param>
    public static byte[] Render(ApiKey key, string? secret, DateTimeOffset now)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            Write(json, key, secret, now);
        }

        return body.ToArray();
    }

    public static byte[] Render(IEnumerable<ApiKey> keys, DateTimeOffset now) => List("keys", keys, (json, key) => Write(json, key, null, now));

    public static byte[] Render(IEnumerable<AuditEntry> entries) => List("entries", entries, (json, entry) =>
    {
        json.WriteStartObject();
        json.WriteString("at", entry.At.UtcDateTime);
        json.WriteString("actor", entry.Actor);
        json.WriteString("action", entry.Action);
        json.WriteString("target", entry.Target);
        json.WriteEndObject();
    });

    /// <exception cref="JsonException">A field is unknown or of another kind.</exception>
    public static KeyRequest ReadRequest(JsonElement json) =>
        json.Deserialize<KeyRequest>(RequestOptions) is { Name: not null, Scopes: not null } request ? request : throw new JsonException();

    private static readonly JsonSerializerOptions RequestOptions = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static byte[] List<T>(string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray(name);
            foreach (var item in items)
            {
                write(json, item);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ApiKey key, string? secret, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("id", key.Id);
        json.WriteString("name", key.Name);
        if (secret is not null)
        {
            json.WriteString("key", secret);
        }

        json.WriteString("state", KeyWords.StateOf(key, now));
        WriteTexts(json, "scopes", KeyWords.ToWords(key.Scopes));
        WriteTexts(json, "environments", key.Environments);
        WriteTexts(json, "services", key.Services);
        json.WriteString("minimum_level", key.MinimumLevel?.ToWire());
        json.WriteNumber("sample", key.Sample);
        WriteNumber(json, "records_per_second", key.RecordsPerSecond);
        WriteNumber(json, "bytes_per_day", key.BytesPerDay);
        json.WriteBoolean("low_priority", key.IsLowPriority);
        json.WriteString("created_at", key.CreatedAt.UtcDateTime);
        WriteTime(json, "expires_at", key.ExpiresAt);
        WriteTime(json, "revoked_at", key.RevokedAt);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, at.UtcDateTime);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
