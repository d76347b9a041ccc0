namespace Culprit.Engine.Rules;

/// <summary>A rule that fires publishes an event of a type of its own.</summary>
/// <param name="Type">The wire's <c>type</c>.</param>
/// <param name="Fields">Name and value of each field; a value that is one single placeholder keeps its kind (a number stays one).</param>
internal sealed record EmitAction(string Type, IReadOnlyList<KeyValuePair<string, MessageTemplate>> Fields)
{
    /// <summary>Written by the engine itself, so no rule may set them.</summary>
    public static IReadOnlyList<string> Reserved { get; } = ["id", "type", "source", "timestamp", "meta"];
}
