namespace Culprit.Engine.Rules;

/// <summary>Which names rules and types may have: what fits a log line, a URL and a metric label.</summary>
internal static class Names
{
    public const int MaxLength = 128;
    public const string Rules = "1 to 128 letters, digits, dots, dashes and underscores";
    public const string Types = Rules + ", such as order.failed";

    public static bool IsRule(string? name) =>
        name is { Length: > 0 and <= MaxLength } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    public static bool IsType(string? name) => IsRule(name);

    /// <summary>A type or the start of one with <c>*</c>.</summary>
    public static bool IsTypeSelection(string? name) => name == "*" || IsType(name?.TrimEnd('*'));

    /// <summary>True when an event of the type is one that the selection names.</summary>
    public static bool Selects(string selection, string type) => selection.EndsWith('*')
        ? type.StartsWith(selection[..^1], StringComparison.Ordinal)
        : type == selection;
}
