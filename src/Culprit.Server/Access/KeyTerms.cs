using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>What a key allows, as it is stored: JSON, so that later versions may add to it.</summary>
internal static class KeyTerms
{
    public static byte[] ToJson(ApiKey key) => JsonSerializer.SerializeToUtf8Bytes(new Form(
        key.Name,
        KeyWords.ToWords(key.Scopes),
        key.Environments,
        key.Services,
        key.MinimumLevel?.ToWire(),
        key.Sample,
        key.RecordsPerSecond,
        key.BytesPerDay,
        key.IsLowPriority,
        key.ExpiresAt));

    /// <exception cref="InvalidDataException">A newer Culprit wrote it, or the store is damaged.</exception>
    public static ApiKey Read(string id, byte[] hash, ReadOnlySpan<byte> json, DateTimeOffset createdAt, DateTimeOffset? revokedAt)
    {
        var form = JsonSerializer.Deserialize<Form>(json) ?? throw new InvalidDataException($"Key {id} has no terms.");
        var scopes = KeyWords.TryParse(form.Scopes) ?? throw new InvalidDataException($"Key {id} has a scope that this version does not know.");
        Severity? level = null;
        if (form.MinimumLevel is { } word)
        {
            level = Severities.TryParse(System.Text.Encoding.UTF8.GetBytes(word), out var known) ? known : throw new InvalidDataException($"Key {id} has a level that this version does not know.");
        }

        return new ApiKey(id, hash, form.Name, scopes, createdAt)
        {
            Environments = form.Environments,
            Services = form.Services,
            MinimumLevel = level,
            Sample = form.Sample,
            RecordsPerSecond = form.RecordsPerSecond,
            BytesPerDay = form.BytesPerDay,
            IsLowPriority = form.IsLowPriority,
            ExpiresAt = form.ExpiresAt,
            RevokedAt = revokedAt,
        };
    }

    private sealed record Form(
        string Name,
        IReadOnlyList<string> Scopes,
        IReadOnlyList<string> Environments,
        IReadOnlyList<string> Services,
        string? MinimumLevel,
        double Sample,
        int? RecordsPerSecond,
        long? BytesPerDay,
        bool IsLowPriority,
        DateTimeOffset? ExpiresAt);
}
