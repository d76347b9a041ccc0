using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>What a key's holder may do.</summary>
[Flags]
internal enum KeyScopes
{
    None = 0,

    /// <summary>Send events.</summary>
    Ingest = 1,

    /// <summary>Read events, incidents and all that is made of them; ask.</summary>
    Read = 2,

    /// <summary>Change what others rely on: keys, dead letters, replays, feedback. Includes the others.</summary>
    Admin = 4,

    /// <summary>Answer alerts: acknowledge, resolve, silence, test routes.</summary>
    Respond = 8,
}

/// <summary>An API key without its secret.</summary>
/// <param name="Id">Names it in lists and in the audit log; says nothing of the secret.</param>
/// <param name="Hash">SHA-256 of the secret, 32 bytes.</param>
internal sealed record ApiKey(string Id, ReadOnlyMemory<byte> Hash, string Name, KeyScopes Scopes, DateTimeOffset CreatedAt)
{
    /// <summary>The only environments that it may write to and read from; empty for all.</summary>
    public IReadOnlyList<string> Environments { get; init; } = [];

    /// <summary>The only services that it may write for, <c>*</c> for any characters; empty for all. Reading goes by environment.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Log records below it are counted and left out; null for none.</summary>
    public Severity? MinimumLevel { get; init; }

    /// <summary>Share of log records up to INFO that is kept, 0.0001 to 1; traces whole.</summary>
    public double Sample { get; init; } = 1;

    /// <summary>Records a second that it may send on average; null for no limit.</summary>
    public int? RecordsPerSecond { get; init; }

    /// <summary>Inflated bytes that it may send a day (UTC); null for no limit.</summary>
    public long? BytesPerDay { get; init; }

    /// <summary>Under pressure its requests are refused first.</summary>
    public bool IsLowPriority { get; init; }

    /// <summary>Null for a key that does not end by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public bool HasQuota => RecordsPerSecond is not null || BytesPerDay is not null;

    public bool IsValid(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || now < ExpiresAt);

    public bool Allows(KeyScopes scope) => (Scopes & (scope | KeyScopes.Admin)) != 0;
}
