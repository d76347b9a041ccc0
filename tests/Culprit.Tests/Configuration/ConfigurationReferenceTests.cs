using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Culprit.Server.Configuration;

namespace Culprit.Tests.Configuration;

/// <summary>docs/configuration.md is made from the options and their summaries: CULPRIT_UPDATE_GOLDEN=1 writes it anew.</summary>
public partial class ConfigurationReferenceTests
{
    [Fact]
    public void TheReferenceSaysWhatTheCodeSays()
    {
        var path = Path.Combine(RepositoryRoot(), "docs", "configuration.md");
        var expected = Render();
        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    private static string Render()
    {
        var documentation = new[] { "culprit.xml", "Culprit.Engine.xml" }
            .Select(file => XDocument.Load(Path.Combine(AppContext.BaseDirectory, file)));
        var summaries = documentation.Descendants("member").DistinctBy(m => m.Attribute("name")!.Value).ToDictionary(
            m => m.Attribute("name")!.Value,
            m => m.Element("summary") is { } summary ? Plain(summary) : string.Empty);
        var page = new StringBuilder("""
            # Configuration

            Nothing needs to be set. What can be set stands in `culprit.yaml` of the current folder (or `--config FILE`), in
            environment variables (`CULPRIT_threshold__count=10`: two underscores between levels) and on the command line; later
            ones come on top. `culprit check` names every mistake with its key, its value and what is allowed. Changes need a restart.
            An example is in [samples/culprit.yaml](../samples/culprit.yaml). Alert sinks and routes: [alerting.md](alerting.md).

            | key | default | meaning |
            | --- | --- | --- |

            """);
        Rows(page, typeof(CulpritOptions), new CulpritOptions(), string.Empty, summaries);
        return page.ToString();
    }

    private static void Rows(StringBuilder page, Type type, object? instance, string prefix, Dictionary<string, string> summaries)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            var key = prefix + char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
            var value = instance is null ? null : property.GetValue(instance);
            var summary = summaries.GetValueOrDefault($"P:{type.FullName!.Replace('+', '.')}.{property.Name}", string.Empty);
            var section = SectionOf(property.PropertyType, out var suffix);
            if (section is null)
            {
                Assert.False(summary.Length == 0, $"{key} has no summary");
                page.Append(CultureInfo.InvariantCulture, $"| `{key}` | {Default(value)} | {summary.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
            else
            {
                Rows(page, section, suffix.Length == 0 ? value : Activate(section), key + suffix + ":", summaries);
            }
        }
    }

    /// <summary>The options type behind a nested key; <c>[]</c> and <c>.NAME</c> mark lists and dictionaries of them.</summary>
    private static Type? SectionOf(Type type, out string suffix)
    {
        suffix = string.Empty;
        if (type.IsGenericType && type.GetGenericArguments() is { } arguments && IsSection(arguments[^1]))
        {
            suffix = arguments.Length == 1 ? "[]" : ":NAME";
            return arguments[^1];
        }

        return IsSection(type) ? type : null;
    }

    private static bool IsSection(Type type) =>
        type.IsClass && type != typeof(string) && type.Namespace?.StartsWith("Culprit.", StringComparison.Ordinal) == true;

    private static object? Activate(Type type) => type.GetConstructor(Type.EmptyTypes) is null ? null : Activator.CreateInstance(type);

    private static string Default(object? value) => value switch
    {
        null => "",
        string { Length: 0 } => "",
        IEnumerable items and not string => items.Cast<object>().Any() ? $"`{string.Join(", ", items.Cast<object>())}`" : "",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };

    private static string Plain(XElement summary)
    {
        var text = string.Concat(summary.Nodes().Select(n => n switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{see.Attribute("cref")?.Value.Split('.')[^1]}`",
            XElement other => other.Value,
            _ => n.ToString(),
        }));
        return Spaces().Replace(System.Net.WebUtility.HtmlDecode(text), " ").Trim();
    }

    private static string RepositoryRoot([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
