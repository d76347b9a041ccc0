namespace Culprit.Engine.Topology;

/// <summary>Where an edge of the service graph comes from; stronger sources have higher numbers.</summary>
internal enum EdgeSource : byte
{
    /// <summary>A message of the caller names the callee.</summary>
    Message = 1,

    /// <summary>Both appear in the same traces or requests.</summary>
    SharedTrace = 2,

    /// <summary>A span of the callee has a parent in the caller.</summary>
    Span = 3,

    /// <summary>Declared in configuration.</summary>
    Declared = 4,
}

/// <summary>The caller depends on the callee.</summary>
/// <param name="Caller">Service that calls.</param>
/// <param name="Callee">Service, database or provider that is called.</param>
/// <param name="Source">Strongest source that supports the edge.</param>
/// <param name="Confidence">0 to 1.</param>
/// <param name="Reason">In words, for people.</param>
internal sealed record ServiceEdge(string Caller, string Callee, EdgeSource Source, double Confidence, string Reason);
