using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Culprit.Server.Configuration;

/// <summary>Reads <c>culprit.yaml</c> into the host's configuration.</summary>
internal sealed class YamlConfigurationSource : FileConfigurationSource
{
    public override IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        EnsureDefaults(builder);
        return new YamlConfigurationProvider(this);
    }
}

/// <summary>Flattens mappings and sequences into the colon-separated keys of .NET configuration.</summary>
internal sealed class YamlConfigurationProvider(YamlConfigurationSource source) : FileConfigurationProvider(source)
{
    public override void Load(Stream stream)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(stream);
        try
        {
            yaml.Load(reader);
        }
        catch (YamlException e)
        {
            throw new FormatException($"{Source.Path}, line {e.Start.Line}, column {e.Start.Column}: {e.Message}", e);
        }

        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (yaml.Documents.Count > 0)
        {
            Flatten(yaml.Documents[0].RootNode, null, data);
        }

        Data = data;
    }

    private static void Flatten(YamlNode node, string? path, Dictionary<string, string?> data)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (key, value) in mapping.Children)
                {
                    Flatten(value, Join(path, ((YamlScalarNode)key).Value ?? string.Empty), data);
                }

                break;
            case YamlSequenceNode sequence:
                for (var i = 0; i < sequence.Children.Count; i++)
                {
                    Flatten(sequence.Children[i], Join(path, i.ToString(System.Globalization.CultureInfo.InvariantCulture)), data);
                }

                break;
            case YamlScalarNode scalar when path is not null:
                data[path] = scalar.Value;
                break;
            default:
                break;
        }
    }

    private static string Join(string? path, string key) => path is null ? key : path + ConfigurationPath.KeyDelimiter + key;
}
