using Culprit.Engine.Topology;

namespace Culprit.Engine;

/// <summary>What is known of one environment at a tick, for people.</summary>
/// <param name="LearnedSeconds">History behind the baselines.</param>
/// <param name="BaselineSeconds">History from which on the baseline counts as learned.</param>
internal sealed record EnvironmentOverview(
    string Environment,
    long TickNanos,
    long LearnedSeconds,
    long BaselineSeconds,
    IReadOnlyList<ServiceOverview> Services,
    IReadOnlyList<ServiceEdge> Edges);

/// <summary>One service of an environment.</summary>
/// <param name="Records">Log records of the last minute.</param>
/// <param name="Errors">Of those, error and fatal ones.</param>
/// <param name="LastNanos">Newest event time of its records.</param>
/// <param name="Incidents">Open incidents that affect it.</param>
internal sealed record ServiceOverview(string Service, long Records, long Errors, long LastNanos, IReadOnlyList<string> Incidents);
