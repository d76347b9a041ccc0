namespace Culprit.Engine.Topology;

/// <summary>How a message refers to a peer; clearer forms have higher numbers.</summary>
internal enum PeerForm : byte
{
    /// <summary>The name of a known service stands in the text.</summary>
    KnownName = 1,

    /// <summary>A phrase says what it is: <c>connection to X refused</c>, <c>upstream X timed out</c>.</summary>
    Phrase = 2,

    /// <summary>A host that was looked up, a host with a port, or a URL.</summary>
    Host = 3,

    /// <summary>An address without a name: only its port tells what it may be.</summary>
    Address = 4,
}

/// <summary>One peer that a message refers to.</summary>
/// <param name="Name">Node name; for <see cref="PeerForm.Address"/> the address itself.</param>
/// <param name="Port">0 when none was written.</param>
internal readonly record struct PeerMention(string Name, int Port, PeerForm Form);
