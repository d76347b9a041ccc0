using Culprit.Engine.Topology;

namespace Culprit.Engine.Traces;

/// <summary>What traces say about one service.</summary>
/// <param name="Score">Sigmas, weighed by the size of the shift.</param>
/// <param name="Text">In words and numbers; text from logs appears only inside quotation marks.</param>
internal sealed record TraceFinding(string Service, TraceFindingKind Kind, double Score, string Text)
{
    /// <summary>Requests of now that show it; of times, calls or pieces of work.</summary>
    public int Requests { get; init; }

    /// <summary>A line is missing where no line came at all although the spans did: it may be on its way.</summary>
    public bool MayBeLate { get; init; }

    /// <summary>Own work that is a query: the time went by waiting for a resource of this kind, which sends no spans.</summary>
    public ResourceClass WaitsFor { get; init; }
}

/// <summary>The kinds of evidence that traces give.</summary>
internal enum TraceFindingKind : byte
{
    /// <summary>Requests go wrong in an operation of the service, and in none that it calls.</summary>
    Blame = 0,

    /// <summary>Calls to (or from) the service take longer on the way than before.</summary>
    Gap = 1,

    /// <summary>Calls to (or from) the service take longer on the way than those of other services at the same time.</summary>
    Peer = 2,

    /// <summary>Its own work takes longer.</summary>
    Self = 3,

    /// <summary>More of its requests report an error.</summary>
    Errors = 4,

    /// <summary>Nearly all requests of an operation report an error, as far back as known: it may be broken all along.</summary>
    Static = 5,
}
