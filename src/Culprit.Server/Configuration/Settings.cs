using Culprit.Server.Alerting;
using Culprit.Server.Commands;

namespace Culprit.Server.Configuration;

/// <summary>The checked configuration of one run.</summary>
internal sealed record Settings(CulpritOptions Options)
{
    private const string AlertsKey = "alerts";
    private const string DefaultFile = "culprit.yaml";

    /// <summary>Sinks and routes of alerts. Default: everything to the console.</summary>
    public AlertSettings Alerts { get; init; } = AlertSettings.None;

    /// <summary>Reads file, environment (<c>CULPRIT_…</c>, with <c>__</c> between levels) and command line, each over the one before.</summary>
    /// <returns>Null after every mistake has been named in <paramref name="errors"/>.</returns>
    public static Settings? Load(ServerArguments arguments, TextWriter errors)
    {
        var builder = new ConfigurationBuilder();
        try
        {
            var file = arguments.Config ?? DefaultFile;
            builder.Add<YamlConfigurationSource>(yaml =>
            {
                yaml.Path = Path.GetFullPath(file);
                yaml.Optional = arguments.Config is null;
                yaml.ResolveFileProvider();
            });
            builder.AddEnvironmentVariables("CULPRIT_");
            builder.AddInMemoryCollection(
                new Dictionary<string, string?> { ["urls"] = arguments.Urls, ["data"] = arguments.Data }.Where(o => o.Value is not null));
            var configuration = builder.Build();
            var options = new CulpritOptions();
            configuration.Bind(options, bind => bind.ErrorOnUnknownConfiguration = false);
            var alerts = AlertSettings.Read(configuration.GetSection(AlertsKey));
            var mistakes = options.Mistakes().Concat(UnknownKeys(configuration)).Concat(alerts.Mistakes).ToList();
            mistakes.ForEach(m => errors.WriteLine("culprit: configuration: " + m));
            return mistakes.Count == 0 ? new Settings(options) { Alerts = alerts } : null;
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or IOException or InvalidOperationException)
        {
            errors.WriteLine("culprit: configuration: " + (e.InnerException is FormatException inner ? inner.Message : e.Message));
            return null;
        }
    }

    private static IEnumerable<string> UnknownKeys(IConfigurationRoot configuration)
    {
        var known = Keys(typeof(CulpritOptions));
        foreach (var section in configuration.GetChildren().Where(s => !s.Key.Equals(AlertsKey, StringComparison.OrdinalIgnoreCase)))
        {
            if (!known.TryGetValue(section.Key, out var type))
            {
                yield return $"{section.Key}: unknown key; known are {string.Join(", ", known.Keys.Append(AlertsKey))}.";
            }
            else if (type.Namespace == typeof(CulpritOptions).Namespace)
            {
                var inner = Keys(type);
                foreach (var child in section.GetChildren().Where(c => !inner.ContainsKey(c.Key)))
                {
                    yield return $"{section.Key}:{child.Key}: unknown key; known are {string.Join(", ", inner.Keys)}.";
                }
            }
        }
    }

    private static Dictionary<string, Type> Keys(Type type) => type.GetProperties().ToDictionary(
        p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..], p => p.PropertyType, StringComparer.OrdinalIgnoreCase);
}
