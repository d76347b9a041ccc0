using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Server.Commands;
using Culprit.Server.Configuration;
using Culprit.Tests.Rules;

namespace Culprit.Tests.Extending;

/// <summary>What docs/extending.md shows is read, run or compiled.</summary>
public sealed class ExtendingDocumentationTests
{
    [Fact]
    public void TheConfigurationOfTheDocumentationHasNoMistake()
    {
        var folder = Directory.CreateTempSubdirectory("culprit-docs-");
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "OrderWatch.dll"), Path.Combine(folder.FullName, "OrderWatch.dll"));
            foreach (var yaml in (string[])[string.Join('\n', Blocks("yaml")), .. Blocks("plugins")])
            {
                var file = Path.Combine(folder.FullName, "culprit.yaml");
                File.WriteAllText(file, yaml);
                using var errors = new StringWriter();

                var settings = Settings.Load(new ServerArguments(null, null, file), errors);

                Assert.Empty(errors.ToString());
                Assert.Single(settings!.Options.ToExtensions().Rules);
                Assert.Single(settings.Options.ToExtensions().EventTypes.Types);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void TheMetricOfTheDocumentationIsTaken()
    {
        var writer = new RecordBatchWriter();
        var result = new BatchParse();

        new BatchJsonParser().Parse(Encoding.UTF8.GetBytes(Assert.Single(Blocks("json"))), false, writer, 0, null, result);

        Assert.Empty(result.Rejected);
        Assert.Equal(EventKind.Metric, writer.ToBatch(0)[0].Kind);
    }

    [Fact]
    public void TheRunbookOfTheDocumentationIsOneOfTheSamples()
    {
        var runbook = Assert.Single(Blocks("markdown"));

        Assert.Contains(Sources("samples/runbooks", "*.md"), text => text.TrimEnd() == runbook.TrimEnd());
    }

    [Theory]
    [InlineData("csharp", "*.cs")]
    [InlineData("xml", "*.csproj")]
    public void TheCodeOfTheDocumentationIsThatOfTheSamples(string language, string pattern)
    {
        var sources = Sources("samples", pattern);

        var blocks = Blocks(language);

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(sources, s => Flat(s).Contains(Flat(block), StringComparison.Ordinal)));
    }

    /// <summary>Without indentation: a document quotes the inside of a class from the margin.</summary>
    private static string Flat(string text) => string.Join('\n', text.Split('\n').Select(l => l.Trim())).Trim();

    private static List<string> Blocks(string language)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), "docs", "extending.md"));
        var blocks = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "```" + language)
            {
                var end = Array.IndexOf(lines, "```", i);
                blocks.Add(string.Join('\n', lines[(i + 1)..end]));
                i = end;
            }
        }

        return blocks;
    }

    private static List<string> Sources(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), folder), pattern, SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText)];

    private static string Root()
    {
        Assert.SkipWhen(SourceTree.FindRoot() is null, "the sources are not beside the tests");
        return SourceTree.FindRoot()!;
    }
}
