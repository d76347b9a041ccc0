namespace Culprit.Engine.Rules;

/// <summary>What a field of a declared event type holds.</summary>
internal enum EventFieldKind : byte
{
    String,
    Number,
    Boolean,
    Object,
}

/// <summary>The words of the configuration.</summary>
internal static class EventFieldKinds
{
    public static string ToWord(this EventFieldKind kind) => kind switch
    {
        EventFieldKind.String => "string",
        EventFieldKind.Number => "number",
        EventFieldKind.Boolean => "bool",
        EventFieldKind.Object => "object",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)kind}."),
    };

    public static bool TryParse(string? word, out EventFieldKind kind)
    {
        foreach (var known in Enum.GetValues<EventFieldKind>())
        {
            if (known.ToWord() == word)
            {
                kind = known;
                return true;
            }
        }

        kind = default;
        return false;
    }
}
