using Culprit.Engine.Filtering;
using Culprit.Engine.Rules;
using Culprit.Tests.Filtering;

namespace Culprit.Tests.Rules;

/// <summary>Rules and firings for tests.</summary>
internal static class SomeRule
{
    public static readonly TimeSpan Lateness = TimeSpan.FromMinutes(2);

    public static Rule Threshold(int count, double seconds, params string[] scope) => new()
    {
        Name = "too-many",
        On = ["log.error"],
        Threshold = new RuleThreshold(count, TimeSpan.FromSeconds(seconds)) { Scope = KeyFields.Parse(scope) },
        Call = "handler",
    };

    public static RuleEngine Engine(params Rule[] rules) => new(rules, FilterRecord.JournalId, Lateness);

    public static IReadOnlyList<RuleFiring> Observe(this RuleEngine engine, FilterRecord record) =>
        [.. engine.Observe(record.ToBatch()[0], record.TimeNanos)];

    /// <summary>A firing of a rule that calls <c>handler</c>, in a scope of its own.</summary>
    public static RuleFiring Firing(string scope, string id) => new()
    {
        Id = id,
        Rule = new Rule { Name = "rule", Call = "handler" },
        ScopeKey = scope,
        Fields = new Dictionary<string, string>(),
        Environment = "production",
        Services = ["api"],
        Count = 1,
        WindowStartNanos = FilterRecord.Noon,
        WindowEndNanos = FilterRecord.Noon,
        Evidence = [],
        CausationId = "cause",
        CorrelationId = "correlation",
    };
}
