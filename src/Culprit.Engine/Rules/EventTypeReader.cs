namespace Culprit.Engine.Rules;

/// <summary>Turns declared event types from configuration into a registry; each mistake names key, value and what is allowed.</summary>
internal static class EventTypeReader
{
    public const int MaxTypes = 1000;
    public const int MaxFields = 100;

    public static EventTypeRegistry Read(IReadOnlyList<EventTypeOptions> options, Mistakes mistakes)
    {
        mistakes.Check(options.Count <= MaxTypes, "eventTypes", options.Count, $"at most {MaxTypes} types");
        var types = new List<EventTypeDeclaration>();
        for (var i = 0; i < options.Count && i < MaxTypes; i++)
        {
            var key = $"eventTypes:{i}";
            var type = options[i];
            if (mistakes.Check(Names.IsType(type.Type), key + ":type", type.Type, Names.Types)
                & mistakes.Check(!EventTypeRegistry.IsBuiltIn(type.Type), key + ":type", type.Type, "a type that is not built in")
                & mistakes.Check(!types.Exists(t => t.Type == type.Type), key + ":type", type.Type, "each type once")
                & mistakes.Check(type.Fields.Count <= MaxFields, key + ":fields", type.Fields.Count, $"at most {MaxFields} fields"))
            {
                types.Add(new EventTypeDeclaration(type.Type!, Fields(type, key, mistakes)));
            }
        }

        return new EventTypeRegistry(types);
    }

    private static List<EventFieldDeclaration> Fields(EventTypeOptions type, string key, Mistakes mistakes)
    {
        var fields = new List<EventFieldDeclaration>();
        for (var i = 0; i < type.Fields.Count; i++)
        {
            var field = type.Fields[i];
            var isKind = EventFieldKinds.TryParse(field.Kind, out var kind);
            if (mistakes.Check(!string.IsNullOrEmpty(field.Name), $"{key}:fields:{i}:name", field.Name, "a name")
                & mistakes.Check(isKind, $"{key}:fields:{i}:kind", field.Kind, "string, number, bool or object")
                & mistakes.Check(!fields.Exists(f => f.Name == field.Name), $"{key}:fields:{i}:name", field.Name, "each name once"))
            {
                fields.Add(new EventFieldDeclaration(field.Name!, kind, field.Required));
            }
        }

        return fields;
    }
}
