namespace Culprit.Engine.Storage;

/// <summary>A silence as it is stored.</summary>
/// <param name="Json">All of it, UTF-8.</param>
internal sealed record StoredSilence(string Id, ReadOnlyMemory<byte> Json, DateTimeOffset EndsAt);

/// <summary>Silences. Low volume; every call is durable when it returns.</summary>
internal interface ISilenceStore
{
    /// <summary>Adds it, or replaces the one of its id; those that ended before a time are forgotten.</summary>
    Task SaveAsync(StoredSilence silence, DateTimeOffset forgetBefore, CancellationToken cancellationToken);

    /// <summary>All there are, in the order in which they were made.</summary>
    Task<IReadOnlyList<StoredSilence>> AllAsync(CancellationToken cancellationToken);
}
