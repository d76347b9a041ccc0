using System.Runtime.CompilerServices;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Tests.Rules;
using Xunit;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Culprit.Tests.Filtering;

public sealed class FilterDocumentationTests
{
    [Fact]
    public void EveryFilterOfTheDocumentationTellsSomeRecordsFromOthers()
    {
        var examples = Blocks("filters.md", "filter").SelectMany(b => b).ToList();

        Assert.True(examples.Count > 10);
        Assert.All(examples, text =>
        {
            var parse = FilterParser.Parse(text);
            Assert.Null(parse.Error);
            Assert.InRange(RecordTable.Matching(parse.Filter!).Length, 1, RecordTable.Records.Count - 1);
        });
    }

    [Fact]
    public void TheMistakeOfTheDocumentationIsShownAsWritten()
    {
        var example = Assert.Single(Blocks("filters.md", "error"));

        var error = FilterParser.Parse(example[0]).Error;

        Assert.Equal(string.Join('\n', example.Skip(1)), error!.ToString());
    }

    [Fact]
    public void TheCodeOfTheDocumentationCompilesAndPrintsItsText()
    {
        var filter = Filters.Type("log.entry") & Filters.Source(".*-prod.*") & !Filters.Level(FieldOperator.Less, Severity.Warn);
        var slow = Filters.Field("context.duration_ms", FieldOperator.Greater, 500) | Filters.Contains("message", "timeout");
        var some = Filters.Sample(0.1, "trace_id") & Filters.Rate(100, TimeSpan.FromSeconds(1), "service");
        var first = Filters.Dedupe(TimeSpan.FromSeconds(5), "service", "level", "message");

        Assert.Equal("""type("log.entry") & source(/.*-prod.*/) & !(level < warn)""", filter.ToString());
        Assert.Equal("""context.duration_ms > 500 | message contains "timeout" """.TrimEnd(), slow.ToString());
        Assert.Equal("sample(0.1 by trace_id) & rate(100/1s by service)", some.ToString());
        Assert.Equal("dedupe(5s by service, level, message)", first.ToString());
        Assert.All(Blocks("filters.md", "csharp").SelectMany(b => b), line => Assert.Contains(line, Source(), StringComparison.Ordinal));
    }

    [Fact]
    public void TheRulesOfTheDocumentationHaveNoMistake()
    {
        var yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();
        var file = yaml.Deserialize<RulesFile>(string.Join('\n', Assert.Single(Blocks("rules.md", "yaml"))));
        var mistakes = new Mistakes();

        var rules = RuleReader.Read(file.Rules, ["sales"], mistakes);
        var types = EventTypeReader.Read(file.EventTypes, mistakes);

        Assert.Empty(mistakes.All);
        Assert.Equal(3, rules.Count);
        Assert.True(types.Find("order.refused")!.Fields[0].IsRequired);
    }

    private static string Source([CallerFilePath] string here = "") => File.ReadAllText(here);

    /// <summary>The lines of each fenced block of a language.</summary>
    private static List<List<string>> Blocks(string file, string language)
    {
        var root = SourceTree.FindRoot();
        Assert.SkipWhen(root is null, "the sources are not beside the tests");
        var blocks = new List<List<string>>();
        List<string>? open = null;
        foreach (var line in File.ReadLines(Path.Combine(root!, "docs", file)))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                open = open is null ? [] : null;
                if (open is not null && line[3..] == language)
                {
                    blocks.Add(open);
                }
            }
            else
            {
                open?.Add(line);
            }
        }

        return blocks;
    }

    /// <summary>The sections of <c>culprit.yaml</c> that the documentation shows.</summary>
    private sealed class RulesFile
    {
        public List<RuleOptions> Rules { get; set; } = [];

        public List<EventTypeOptions> EventTypes { get; set; } = [];
    }
}
