using System.Text.RegularExpressions;

namespace Culprit.IntegrationTests.Export;

/// <summary>One row of the table in <c>docs/metrics.md</c>.</summary>
internal sealed record DocumentedMetric(string Name, string Prometheus, string Type, string Unit, IReadOnlySet<string> Labels);

/// <summary>What <c>docs</c> and <c>samples</c> say about metrics.</summary>
internal static partial class MetricsPage
{
    /// <summary>The repository that the tests run in; skips the test when they run elsewhere.</summary>
    public static string Repository()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Culprit.slnx")))
            {
                return folder;
            }
        }

        Assert.Skip("docs and samples are not beside the tests");
        return "";
    }

    public static IReadOnlyList<DocumentedMetric> Read() =>
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(Repository(), "docs", "metrics.md"))).Select(m => new DocumentedMetric(
            m.Groups[1].Value,
            m.Groups[2].Value,
            m.Groups[3].Value,
            m.Groups[4].Value,
            m.Groups[5].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal))),
    ];

    [GeneratedRegex(@"^\| `(\S+)` \| `(\S+)` \| (counter|gauge) \| `?([^|`]*?)`? \| ([^|]*?) ?\| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
