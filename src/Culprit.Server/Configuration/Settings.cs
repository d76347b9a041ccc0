using Culprit.Engine.Rules;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Commands;
using Culprit.Server.Export;
using Culprit.Server.Plugins;

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
        try
        {
            var file = arguments.Config ?? DefaultFile;
            var written = new ConfigurationBuilder()
                .Add<YamlConfigurationSource>(yaml =>
                {
                    yaml.Path = Path.GetFullPath(file);
                    yaml.Optional = arguments.Config is null;
                    yaml.ResolveFileProvider();
                })
                .Build();
            var builder = new ConfigurationBuilder().AddConfiguration(written).AddEnvironmentVariables("CULPRIT_");
            builder.AddInMemoryCollection(
                new Dictionary<string, string?> { ["urls"] = arguments.Urls, ["data"] = arguments.Data, ["store"] = arguments.Store }.Where(o => o.Value is not null));
            var configuration = builder.Build();
            var options = new CulpritOptions();
            configuration.Bind(options, bind => bind.ErrorOnUnknownConfiguration = false);
            var unusable = new Mistakes();
            options.Plugged = PluginLoader.Load(options.Plugins, Path.GetDirectoryName(Path.GetFullPath(file))!, unusable);
            var alerts = AlertSettings.Read(configuration.GetSection(ConfigurationKeys.Alerts), options.Plugged.AlertHandlers.Keys);
            var mistakes = unusable.All.Concat(options.Mistakes()).Concat(OtlpTarget.Mistakes(Environment.GetEnvironmentVariable)).Concat(alerts.Mistakes).Concat(ConfigurationKeys.Unknown(written)).ToList();
            mistakes.ForEach(m => errors.WriteLine("culprit: configuration: " + m));
            return mistakes.Count == 0 ? new Settings(options) { Alerts = alerts } : null;
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or IOException or InvalidOperationException)
        {
            errors.WriteLine("culprit: configuration: " + (e.InnerException is FormatException inner ? inner.Message : e.Message));
            return null;
        }
    }
}
