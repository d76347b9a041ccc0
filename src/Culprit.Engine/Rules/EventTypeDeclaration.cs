namespace Culprit.Engine.Rules;

/// <summary>A type of event that somebody declared: SEED.md's <c>EventRegistry.register</c>. Fields beyond the named ones are allowed.</summary>
internal sealed record EventTypeDeclaration(string Type, IReadOnlyList<EventFieldDeclaration> Fields);

/// <summary>One field of a declared type. A null counts as missing.</summary>
internal sealed record EventFieldDeclaration(string Name, EventFieldKind Kind, bool IsRequired);

/// <summary>Why an event is not what its type says.</summary>
/// <param name="Field">The field at fault; empty when the event as a whole is.</param>
/// <param name="Reason">What is wrong and what was expected, as the end of a sentence.</param>
internal sealed record EventTypeProblem(string Field, string Reason);
