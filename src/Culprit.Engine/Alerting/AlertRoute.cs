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

    /// <summary>How long after its last alert a sink is told again that the incident goes on, while nobody has acknowledged it. Null: never.</summary>
    public TimeSpan? Repeat { get; init; }

    /// <summary>Who is told as well when nobody acknowledges.</summary>
    public IReadOnlyList<Escalation> Escalations { get; init; } = [];

    /// <summary>False: its sinks are not told that an incident ended.</summary>
    public bool SendResolved { get; init; } = true;

    /// <summary>False: its alerts are sent also when they are only symptoms of another incident.</summary>
    public bool Inhibit { get; init; } = true;

    /// <summary>Every sink that it can lead to.</summary>
    public IEnumerable<string> AllSinks => Sinks.Concat(Escalations.SelectMany(e => e.Sinks)).Distinct(StringComparer.Ordinal);
}

/// <summary>Who is told as well when nobody acknowledges.</summary>
/// <param name="After">Since the first alert of the incident for the route.</param>
internal sealed record Escalation(TimeSpan After, IReadOnlyList<string> Sinks);
