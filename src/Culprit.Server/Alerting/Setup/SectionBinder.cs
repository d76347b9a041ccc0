using System.Reflection;
using Culprit.Server.Printing;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Fills an options object from a section and says what does not fit, by key and value.</summary>
internal static class SectionBinder
{
    /// <param name="known">The keys, for the message about one that is not.</param>
    public static void Bind(IConfigurationSection section, object options, string known, List<string> mistakes)
    {
        var properties = Writable(options.GetType());
        var before = mistakes.Count;
        foreach (var child in section.GetChildren())
        {
            if (!properties.TryGetValue(child.Key, out var property))
            {
                mistakes.Add($"{section.Path}:{child.Key}: unknown key; known are {known}.");
            }
            else if (property.PropertyType == typeof(bool) && !bool.TryParse(child.Value, out _))
            {
                mistakes.Add(NotAllowed(child.Path, child.Value ?? "", "true or false"));
            }
            else if (property.PropertyType == typeof(string) && child.Value is null)
            {
                mistakes.Add($"{child.Path}: a list or a mapping is not allowed; use one text.");
            }
            else if (property.PropertyType != typeof(string) && property.PropertyType != typeof(bool) && !string.IsNullOrEmpty(child.Value))
            {
                // The value is not shown: it may be a secret that was meant to stand in a list.
                mistakes.Add($"{child.Path}: a single value is not allowed; use a {(property.PropertyType.Name.StartsWith("List", StringComparison.Ordinal) ? "list" : "mapping")}.");
            }
        }

        if (mistakes.Count == before)
        {
            section.Bind(options);
        }
    }

    /// <summary>The keys that can be set, as they are written in configuration files.</summary>
    public static string KeysOf(Type options) =>
        string.Join(", ", Writable(options).Keys.Select(k => char.ToLowerInvariant(k[0]) + k[1..]).Order(StringComparer.Ordinal));

    public static string NotAllowed(string key, string value, string allowed) =>
        $"{key}: '{TerminalText.Visible(value)}' is not allowed; use {allowed}.";

    private static Dictionary<string, PropertyInfo> Writable(Type type) => type.GetProperties()
        .Where(p => p.CanWrite)
        .ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
}
