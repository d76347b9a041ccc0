namespace Culprit.Engine.Ingestion.Changes;

/// <summary>Events of the wire that a body was mapped to, or why it was not.</summary>
/// <param name="Events">JSON; empty when there is nothing to take.</param>
/// <param name="Refusal">What is wrong with the body, in words; null when nothing is.</param>
internal readonly record struct ChangeMapping(ReadOnlyMemory<byte> Events, string? Refusal)
{
    /// <summary>A body that is right and holds no change, such as a push that deletes a branch.</summary>
    public static ChangeMapping Nothing => default;

    public static ChangeMapping Of(ReadOnlyMemory<byte> events) => new(events, null);

    public static ChangeMapping Refused(string reason) => new(default, reason);
}
