namespace Culprit.Server.Health;

/// <summary>How a component is.</summary>
internal enum HealthState : byte
{
    Ok = 0,

    /// <summary>Works, but an operator should look.</summary>
    Degraded = 1,

    /// <summary>Does not do its job: the server is not ready.</summary>
    Down = 2,
}

/// <summary>What a component says about itself.</summary>
/// <param name="Reason">In words, when it is not ok.</param>
/// <param name="Numbers">Strings, numbers and booleans by snake_case name.</param>
internal sealed record HealthReport(HealthState State, string? Reason, IReadOnlyDictionary<string, object> Numbers);

/// <summary>A component that <c>/health/detailed</c> and <c>/ready</c> ask. Must answer at once, from memory.</summary>
internal interface IHealthSource
{
    /// <summary>Its key in the answer.</summary>
    string Name { get; }

    HealthReport Check();
}
