using Culprit.Server.Alerting.Sinks;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Reads <c>alerts:sinks</c>: the options of each sink, of the class that its type asks for.</summary>
internal static class SinkReader
{
    private const int MaxName = 64;

    private static readonly string Types = string.Join(", ", SinkType.All.Select(t => t.Name).Append(AlertSettings.Console));

    /// <summary>Always in lower case: keys from the environment come in any, and the outbox remembers the name.</summary>
    public static string NameOf(IConfigurationSection sink) => sink.Key.ToLowerInvariant();

    public static Dictionary<string, SinkOptions> Read(IConfigurationSection sinks, List<string> mistakes)
    {
        var found = new Dictionary<string, SinkOptions>(StringComparer.Ordinal);
        foreach (var section in sinks.GetChildren())
        {
            var name = NameOf(section);
            var type = section["type"] ?? "";
            if (name.Length > MaxName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                mistakes.Add(SectionBinder.NotAllowed(sinks.Path, name, "names of 1 to 64 letters, digits, - and _"));
            }
            else if ((type == AlertSettings.Console) != (name == AlertSettings.Console))
            {
                mistakes.Add(type == AlertSettings.Console
                    ? $"{section.Path}: the console is built in under the name console; use that name."
                    : SectionBinder.NotAllowed($"{section.Path}:type", type, "console: this name belongs to the built-in sink"));
            }
            else if (type == AlertSettings.Console)
            {
                mistakes.AddRange(section.GetChildren()
                    .Where(c => !c.Key.Equals("type", StringComparison.OrdinalIgnoreCase))
                    .Select(c => $"{c.Path}: unknown key; known is type."));
            }
            else if (SinkType.All.FirstOrDefault(t => t.Name == type) is { } known)
            {
                var before = mistakes.Count;
                var options = known.NewOptions();
                SectionBinder.Bind(section, options, SectionBinder.KeysOf(options.GetType()), mistakes);
                if (mistakes.Count == before)
                {
                    mistakes.AddRange(options.Mistakes(section.Path));
                }

                found[name] = options;
            }
            else
            {
                mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:type", type, Types));
            }
        }

        return found;
    }
}
