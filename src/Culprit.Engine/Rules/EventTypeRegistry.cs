using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion;

namespace Culprit.Engine.Rules;

/// <summary>The declared event types; an event of any other type is what it is, and accepted. Immutable.</summary>
internal sealed class EventTypeRegistry : IEventTypeCheck
{
    /// <summary>Types of the wire that the engine itself reads or makes; ingestion checks them, nobody may declare them anew.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = ["log.entry", "metric.value", "span", "change", "log.error", "log.anomaly", "log.root_cause", "log.summary", RuleFiring.EventType];

    /// <summary>Types of the events that the engine makes and shows to the rules that name them.</summary>
    public static IReadOnlyList<string> OfEngine { get; } =
    [
        "log.anomaly", "log.root_cause", "log.summary", "incident.opened", "incident.updated", "incident.reopened", "incident.resolved",
        "alert.firing", "alert.updated", "alert.resolved",
    ];

    private readonly Dictionary<string, EventTypeDeclaration> _types = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">A type is built in or declared twice, or one of its fields is.</exception>
    public EventTypeRegistry(params IEnumerable<EventTypeDeclaration> types)
    {
        foreach (var type in types)
        {
            if (IsBuiltIn(type.Type) || !_types.TryAdd(type.Type, type)
                || type.Fields.DistinctBy(f => f.Name, StringComparer.Ordinal).Count() != type.Fields.Count)
            {
                throw new ArgumentException($"The type {type.Type} is built in or declared twice, or one of its fields is.", nameof(types));
            }
        }
    }

    /// <summary>True for a type that belongs to the engine: nobody may declare, emit or publish it.</summary>
    public static bool IsBuiltIn(string? type) => type is not null
        && (BuiltIn.Contains(type) || type.StartsWith("incident.", StringComparison.Ordinal) || type.StartsWith("alert.", StringComparison.Ordinal));

    public IReadOnlyCollection<EventTypeDeclaration> Types => _types.Values;

    public EventTypeDeclaration? Find(string type) => _types.GetValueOrDefault(type);

    public string? Check(ReadOnlySpan<byte> type, ReadOnlySpan<byte> json)
    {
        if (_types.Count == 0 || Validate(Encoding.UTF8.GetString(type), json) is not { } problem)
        {
            return null;
        }

        return problem.Field.Length > 0 ? $"'{problem.Field}' {problem.Reason}" : problem.Reason;
    }

    /// <summary>Null when the event is as declared, or its type is not.</summary>
    /// <param name="json">The whole event as sent, UTF-8.</param>
    public EventTypeProblem? Validate(string type, ReadOnlySpan<byte> json)
    {
        if (!_types.TryGetValue(type, out var declaration))
        {
            return null;
        }

        try
        {
            return Validate(declaration, json);
        }
        catch (JsonException)
        {
            return new EventTypeProblem(string.Empty, "the event is no JSON");
        }
    }

    private static EventTypeProblem? Validate(EventTypeDeclaration declaration, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return new EventTypeProblem(string.Empty, "the event is no JSON object");
        }

        var seen = new bool[declaration.Fields.Count];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var at = IndexOf(declaration, ref reader);
            reader.Read();
            if (at >= 0 && reader.TokenType != JsonTokenType.Null)
            {
                seen[at] = true;
                var field = declaration.Fields[at];
                if (!IsOf(field.Kind, reader.TokenType))
                {
                    return new EventTypeProblem(field.Name, $"is {Name(reader.TokenType)}; {declaration.Type} wants {field.Kind.ToWord()}");
                }
            }

            reader.Skip();
        }

        for (var i = 0; i < seen.Length; i++)
        {
            if (!seen[i] && declaration.Fields[i].IsRequired)
            {
                return new EventTypeProblem(
                    declaration.Fields[i].Name, $"is missing; {declaration.Type} wants {declaration.Fields[i].Kind.ToWord()}");
            }
        }

        return null;
    }

    private static int IndexOf(EventTypeDeclaration declaration, ref Utf8JsonReader reader)
    {
        for (var i = 0; i < declaration.Fields.Count; i++)
        {
            if (reader.ValueTextEquals(declaration.Fields[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsOf(EventFieldKind kind, JsonTokenType token) => kind switch
    {
        EventFieldKind.String => token == JsonTokenType.String,
        EventFieldKind.Number => token == JsonTokenType.Number,
        EventFieldKind.Boolean => token is JsonTokenType.True or JsonTokenType.False,
        EventFieldKind.Object => token == JsonTokenType.StartObject,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)kind}."),
    };

    private static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "bool",
        JsonTokenType.StartObject => "object",
        _ => "array",
    };
}
