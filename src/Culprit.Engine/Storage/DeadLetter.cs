namespace Culprit.Engine.Storage;

/// <summary>Something that was tried in vain and is kept for people to look at.</summary>
/// <param name="Reason">Why, in words.</param>
/// <param name="Raw">At most 64 KiB of what was sent.</param>
internal sealed record DeadLetter(string Id, DateTimeOffset At, string Reason, ReadOnlyMemory<byte> Raw)
{
    public const int MaxRawBytes = 64 * 1024;

    /// <summary>What could not be done with it: one of <see cref="DeadLetterKinds"/>.</summary>
    public string Kind { get; init; } = DeadLetterKinds.Decoder;

    /// <summary>How often it was tried.</summary>
    public int Tries { get; init; } = 1;

    /// <summary>Name and version of what reads <see cref="Raw"/>, such as <c>records/1</c>.</summary>
    public string? Decoder { get; init; }

    /// <summary>The event that it is about, for <c>GET /events/{id}</c>; null when it never became one.</summary>
    public string? EventId { get; init; }

    /// <summary>Its place in the store; newer letters have larger ones.</summary>
    public long Row { get; init; }
}

/// <summary>The words for what failed, on the wire and in the store.</summary>
internal static class DeadLetterKinds
{
    /// <summary>What was sent could not be decoded.</summary>
    public const string Decoder = "decoder";

    /// <summary>The engine failed at a stored record.</summary>
    public const string Engine = "engine";

    /// <summary>An alert did not reach its sink.</summary>
    public const string Alert = "alert";

    /// <summary>A handler failed for a firing of a rule.</summary>
    public const string Handler = "handler";

    public static readonly IReadOnlyList<string> All = [Decoder, Engine, Alert, Handler];
}
