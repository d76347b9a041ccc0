using Culprit.Engine.Filtering;

namespace Culprit.Engine.Rules;

/// <summary>What to look for, and what to do when it is found. Declared in <c>culprit.yaml</c> or made in code.</summary>
/// <remarks>A record passes On, Where and Dedupe in this order; then the threshold counts it, or the rule fires at once.</remarks>
internal sealed record Rule
{
    /// <summary>Unique; part of the ids of its firings, so a renamed rule starts afresh.</summary>
    public required string Name { get; init; }

    /// <summary>Types of events that it looks at, as in <c>type(…)</c>. Default: all.</summary>
    public IReadOnlyList<string> On { get; init; } = [];

    public Filter? Where { get; init; }

    public RuleDedupe? Dedupe { get; init; }

    public RuleThreshold? Threshold { get; init; }

    public RaiseAction? Raise { get; init; }

    /// <summary>Name of the handler that is called.</summary>
    public string? Call { get; init; }

    public EmitAction? Emit { get; init; }
}
