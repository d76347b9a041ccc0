namespace Culprit.Engine.Alerting;

/// <summary>Which alerts go to which sinks.</summary>
internal sealed record AlertRoute
{
    /// <summary>For people, and for testing it. Null: it has none.</summary>
    public string? Name { get; init; }

    public AlertMatcher Match { get; init; } = AlertMatcher.All;

    /// <summary>Names of the sinks that get what matches.</summary>
    public required IReadOnlyList<string> Sinks { get; init; }

    /// <summary>True: routes further down are asked too. False (default): a match ends the search.</summary>
    public bool Continue { get; init; }
}
