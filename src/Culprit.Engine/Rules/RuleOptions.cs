namespace Culprit.Engine.Rules;

/// <summary>A rule as <c>culprit.yaml</c> writes it, under <c>rules:</c>.</summary>
public sealed class RuleOptions
{
    /// <summary>Unique name, shown wherever the rule fires. Letters, digits, dots, dashes and underscores.</summary>
    public string? Name { get; set; }

    /// <summary>Types of events it looks at, such as <c>log.error</c> or <c>incident.*</c>. Default: all.</summary>
    public List<string> On { get; set; } = [];

    /// <summary>A filter (docs/filters.md). Default: every event of the types.</summary>
    public string? Where { get; set; }

    /// <summary>Count repetitions once only. Default: count each.</summary>
    public RuleDedupeOptions? Dedupe { get; set; }

    /// <summary>Fire at so many within so long. Default: fire at each.</summary>
    public RuleThresholdOptions? Threshold { get; set; }

    /// <summary>Raise an anomaly, with incident, root cause and alert.</summary>
    public RaiseOptions? Raise { get; set; }

    /// <summary>Name of the handler to call.</summary>
    public string? Call { get; set; }

    /// <summary>Publish an event of a type of your own.</summary>
    public EmitOptions? Emit { get; set; }
}

/// <summary>Which repetitions a rule leaves out.</summary>
public sealed class RuleDedupeOptions
{
    /// <summary>1ms to 7d. Default 5s.</summary>
    public string Window { get; set; } = "5s";

    /// <summary>Fields that must be the same. Default: service, level and message.</summary>
    public List<string> By { get; set; } = [];
}

/// <summary>How many events within which time make a rule fire.</summary>
public sealed class RuleThresholdOptions
{
    /// <summary>1 to 1000. Default 5.</summary>
    public int Count { get; set; } = 5;

    /// <summary>1ms to 7d. Default 60s.</summary>
    public string Window { get; set; } = "60s";

    /// <summary>Fields whose values are counted apart; <c>[all]</c> counts everything together. Default: environment.</summary>
    public List<string> Scope { get; set; } = [];
}

/// <summary>The anomaly that a rule raises.</summary>
public sealed class RaiseOptions
{
    /// <summary>error_spike, latency_spike, memory_leak, connection_failure, cascade_failure or unknown. Default error_spike.</summary>
    public string Type { get; set; } = "error_spike";

    /// <summary>low, medium, high or critical: the incident is at least so severe. Default medium.</summary>
    public string Severity { get; set; } = "medium";

    /// <summary>What is observed; <c>{service}</c>, <c>{count}</c> and the like are filled in.</summary>
    public string Message { get; set; } = "{count} events of rule {rule} in {scope}";
}

/// <summary>The event that a rule publishes.</summary>
public sealed class EmitOptions
{
    /// <summary>Its type; none that is built in, and none that leads back to the rule.</summary>
    public string? Type { get; set; }

    /// <summary>Its fields; values may hold <c>{service}</c>, <c>{count}</c> and the like, and a single one keeps its kind.</summary>
    public Dictionary<string, string> Fields { get; set; } = new(StringComparer.Ordinal);
}
