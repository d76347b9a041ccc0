using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace Culprit.IntegrationTests.Export;

/// <summary>The files for Grafana fit together.</summary>
public sealed class GrafanaSampleTests
{
    [Fact]
    public void TheDashboardUsesTheDataSourceThatIsProvisioned()
    {
        using var dashboard = JsonDocument.Parse(Dashboard.Text());
        var provisioned = Yaml("datasources")["datasources"][0];

        var chosen = dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Single(v => v.GetProperty("type").GetString() == "datasource").GetProperty("current");
        Assert.Equal(((YamlScalarNode)provisioned["uid"]).Value, chosen.GetProperty("value").GetString());
        Assert.Equal(((YamlScalarNode)provisioned["name"]).Value, chosen.GetProperty("text").GetString());
        Assert.Equal("prometheus", ((YamlScalarNode)provisioned["type"]).Value);
        Assert.All(dashboard.RootElement.GetProperty("panels").EnumerateArray(), p =>
            Assert.Equal("${datasource}", p.GetProperty("datasource").GetProperty("uid").GetString()));
    }

    [Fact]
    public void TheProviderReadsFiles()
    {
        var provider = Yaml("dashboards")["providers"][0];

        Assert.Equal("file", ((YamlScalarNode)provider["type"]).Value);
        Assert.StartsWith("/", ((YamlScalarNode)provider["options"]["path"]).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void PanelsHaveTheirOwnIdsAndPlaces()
    {
        using var dashboard = JsonDocument.Parse(Dashboard.Text());
        var ids = new HashSet<int>();
        var cells = new HashSet<(int, int)>();
        foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
        {
            Assert.True(ids.Add(panel.GetProperty("id").GetInt32()));
            var place = panel.GetProperty("gridPos");
            var (x, y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
            var (w, h) = (place.GetProperty("w").GetInt32(), place.GetProperty("h").GetInt32());
            Assert.InRange(x + w, 1, 24);
            for (var cell = 0; cell < w * h; cell++)
            {
                Assert.True(cells.Add((x + (cell % w), y + (cell / w))), $"panel {panel.GetProperty("title")} covers another");
            }
        }
    }

    private static YamlNode Yaml(string kind)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(
            Path.Combine(MetricsPage.Repository(), "samples", "grafana", "provisioning", kind, "culprit.yaml"));
        yaml.Load(reader);
        return yaml.Documents[0].RootNode;
    }
}
