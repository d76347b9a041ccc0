using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Configuration;

/// <summary>Finds keys that no option knows, at any depth: a misspelled one would silently do nothing.</summary>
internal static class ConfigurationKeys
{
    /// <summary>The section that <see cref="AlertSettings"/> reads and checks itself.</summary>
    public const string Alerts = "alerts";

    /// <summary>A sentence for each key that <see cref="CulpritOptions"/> does not know, or that holds something of another shape.</summary>
    public static IEnumerable<string> Unknown(IConfiguration configuration) => Check(configuration, typeof(CulpritOptions), null);

    private static IEnumerable<string> Check(IConfiguration section, Type type, string? path)
    {
        var value = (section as IConfigurationSection)?.Value;
        if (ElementOf(type) is { } element)
        {
            return value is { Length: > 0 } ? [$"{path}: '{value}' is one value; use a list or mapping."] : Each(section, element);
        }

        if (IsSection(type))
        {
            return value is { Length: > 0 } ? [$"{path}: '{value}' is one value; use a mapping of {Known(type)}."] : Members(section, type);
        }

        return section.GetChildren().Any() ? [$"{path}: one value is expected here."] : [];
    }

    private static IEnumerable<string> Members(IConfiguration section, Type type)
    {
        var known = Keys(type);
        return section.GetChildren().Where(child => !IsAlerts(type, child.Key)).SelectMany(child => known.TryGetValue(child.Key, out var inner)
            ? Check(child, inner, child.Path)
            : [$"{child.Path}: unknown key; known are {Known(type)}."]);
    }

    private static IEnumerable<string> Each(IConfiguration section, Type element) =>
        section.GetChildren().SelectMany(child => Check(child, element, child.Path));

    /// <summary>What a list or a dictionary holds; null for anything else.</summary>
    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open && (open == typeof(List<>) || open == typeof(Dictionary<,>))
            ? type.GetGenericArguments()[^1]
            : null;

    private static bool IsSection(Type type) =>
        type.IsClass && type.Namespace?.StartsWith(nameof(Culprit) + ".", StringComparison.Ordinal) == true;

    private static bool IsAlerts(Type type, string key) =>
        type == typeof(CulpritOptions) && key.Equals(Alerts, StringComparison.OrdinalIgnoreCase);

    private static string Known(Type type) =>
        string.Join(", ", type == typeof(CulpritOptions) ? Keys(type).Keys.Append(Alerts) : Keys(type).Keys);

    private static Dictionary<string, Type> Keys(Type type) => type.GetProperties().ToDictionary(
        p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..], p => p.PropertyType, StringComparer.OrdinalIgnoreCase);
}
