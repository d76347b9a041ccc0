using System.Runtime.CompilerServices;
using Culprit.Engine.Filtering;
using Xunit;

namespace Culprit.Tests.Filtering;

public sealed class FilterCaseTests
{
    public static TheoryData<string, string> Filters => Read("filters.txt");

    public static TheoryData<string, string> Errors => Read("filter-errors.txt");

    [Theory]
    [MemberData(nameof(Filters))]
    public void AFilterMatchesTheRecordsOfItsCase(string text, string expected)
    {
        var filter = FilterParser.Parse(text);

        Assert.Null(filter.Error);
        Assert.Equal(expected == "-" ? "" : expected, RecordTable.Matching(filter.Filter!));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void TheCanonicalTextMeansTheSameAndIsItsOwnCanonicalText(string text, string expected)
    {
        var canonical = FilterParser.Parse(text).Filter!.ToString();

        var again = FilterParser.Parse(canonical).Filter!;

        Assert.Equal(canonical, again.ToString());
        Assert.Equal(expected == "-" ? "" : expected, RecordTable.Matching(again));
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void AMistakePointsAtTheCharacter(string text, string expected)
    {
        var error = FilterParser.Parse(text.Replace('␣', ' ')).Error;

        Assert.NotNull(error);
        var position = expected.IndexOf(' ', StringComparison.Ordinal);
        Assert.Equal(expected[..position], (error.Position + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Contains(expected[(position + 1)..], error.Message, StringComparison.Ordinal);
        var lines = error.ToString().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(2 + error.Position, lines[2].IndexOf('^', StringComparison.Ordinal));
    }

    private static TheoryData<string, string> Read(string file, [CallerFilePath] string here = "")
    {
        var cases = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "Cases", file)))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var at = line.LastIndexOf(" => ", StringComparison.Ordinal);
                cases.Add(line[..at], line[(at + 4)..]);
            }
        }

        return cases;
    }
}
