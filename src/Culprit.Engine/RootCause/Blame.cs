using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>How a message says that its peer failed.</summary>
internal enum BlameKind : byte
{
    /// <summary>It failed, the message does not say how.</summary>
    Failed = 0,
    Refused = 1,
    Reset = 2,
    TimedOut = 3,
    Unavailable = 4,

    /// <summary>Its name did not resolve.</summary>
    Unresolved = 5,

    /// <summary>It turned the caller away: credentials, rights.</summary>
    Denied = 6,

    /// <summary>Its connections, its quota or the pool to it ran out.</summary>
    Exhausted = 7,

    /// <summary>It has no room left.</summary>
    Full = 8,
    Deadlock = 9,
    Certificate = 10,

    /// <summary>It answered with an error of its own: HTTP 5xx.</summary>
    AnsweredError = 11,

    /// <summary>It answered, and the answer made no sense.</summary>
    BadAnswer = 12,

    /// <summary>The caller's own pool of connections to it had none left.</summary>
    PoolEmpty = 13,

    /// <summary>It answered, after an unusually long time.</summary>
    Slow = 14,
}

/// <summary>What one message blames.</summary>
/// <param name="Peer">Node name of the peer, as given in the message; null when the message names only a class, or nothing.</param>
/// <param name="Class">What the peer is, when a word or a port tells.</param>
/// <param name="Word">The word of infrastructure, such as <c>database</c> or <c>redis</c>; null when the message holds none.</param>
/// <param name="Quote">The message, fit to be shown.</param>
internal sealed record Blame(string? Peer, ResourceClass Class, string? Word, BlameKind Kind, string Quote)
{
    /// <summary>The message says that somebody else failed, but not who (<c>upstream timeout</c>).</summary>
    public bool IsUnspecified => Peer is null && Word is null;
}
