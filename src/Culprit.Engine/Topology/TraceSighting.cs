namespace Culprit.Engine.Topology;

/// <summary>A service was seen in a trace or request at a moment.</summary>
internal readonly record struct TraceSighting(string Service, long TimestampNanos);
