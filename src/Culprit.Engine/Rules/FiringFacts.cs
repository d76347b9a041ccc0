using System.Globalization;
using Culprit.Engine.Filtering;

namespace Culprit.Engine.Rules;

/// <summary>The numbers of a firing, before its texts are written.</summary>
internal readonly record struct FiringFacts(string Rule, long Count, TimeSpan? Window, string Scope, long StartNanos, long EndNanos)
{
    public string Text(RuleFact fact) => fact switch
    {
        RuleFact.Rule => Rule,
        RuleFact.Count => Count.ToString(CultureInfo.InvariantCulture),
        RuleFact.Window => Window is { } window ? FilterText.Duration(window) : string.Empty,
        RuleFact.Scope => Scope,
        RuleFact.StartedAt => FilterText.Time(StartNanos),
        RuleFact.EndedAt => FilterText.Time(EndNanos),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown fact {fact}."),
    };
}
