using System.Text.Json;

namespace Culprit.IntegrationTests.Export;

/// <summary>The sample dashboard of Grafana.</summary>
internal static class Dashboard
{
    public static string Text() =>
        File.ReadAllText(Path.Combine(MetricsPage.Repository(), "samples", "grafana", "dashboards", "culprit.json"));

    /// <summary>The PromQL of every panel.</summary>
    public static IReadOnlyList<string> Expressions()
    {
        using var json = JsonDocument.Parse(Text());
        return
        [
            .. json.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(p => p.GetProperty("targets").EnumerateArray())
                .Select(t => t.GetProperty("expr").GetString()!),
        ];
    }
}
