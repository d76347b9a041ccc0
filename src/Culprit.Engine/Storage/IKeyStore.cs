namespace Culprit.Engine.Storage;

/// <summary>Something that a person or a key changed.</summary>
/// <param name="Actor">The key's id and name, or from where it came without one.</param>
/// <param name="Action">Method and route, or the command.</param>
/// <param name="Target">What it was done to; may be empty. Text from outside.</param>
internal sealed record AuditEntry(DateTimeOffset At, string Actor, string Action, string Target);

/// <summary>API keys, and who changed what. Low volume; every call is durable when it returns.</summary>
internal interface IKeyStore
{
    /// <exception cref="ArgumentException">There is a key of that id or hash.</exception>
    Task AddAsync(ApiKey key, CancellationToken cancellationToken);

    /// <summary>All there are, expired and revoked ones too, in the order of creation.</summary>
    Task<IReadOnlyList<ApiKey>> AllAsync(CancellationToken cancellationToken);

    /// <summary>Ends a key for good; one that was ended before keeps its time. False when there is none of this id.</summary>
    Task<bool> RevokeAsync(string id, DateTimeOffset at, CancellationToken cancellationToken);

    Task AuditAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>The newest entries, newest first.</summary>
    Task<IReadOnlyList<AuditEntry>> AuditedAsync(int limit, CancellationToken cancellationToken);
}
