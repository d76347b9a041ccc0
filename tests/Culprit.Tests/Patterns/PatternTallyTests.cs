using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Server.Patterns;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Patterns;

/// <summary>What <c>culprit patterns</c> counts.</summary>
public sealed class PatternTallyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void CountsAddUpToTheRecordsWhateverTheLinesAreAndHoweverSmallTheMiner(int seed)
    {
        var random = new Random(seed);
        var tally = new PatternTally(new PatternOptions { MaxPatterns = 64, MaxAliases = 16, MaxCases = 4 });

        for (var i = 0; i < 3000; i++)
        {
            tally.Add(Some.Batch(1, Some.Log(0, message: $"{Word(random)} {Word(random)} of {random.Next(9)} {Word(random)}"))[0]);
        }

        var report = PatternsReport.Of(tally, random.Next(20), []);
        Assert.Equal(3000, report.Records);
        Assert.Equal(3000, report.Shown.Sum(e => e.Count) + report.Others);
    }

    [Fact]
    public void AlikePatternsAreCountedTogetherOnceAWordTurnsOutToVary()
    {
        var tally = new PatternTally(new PatternOptions());
        foreach (var name in new[] { "ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ivy", "jon" })
        {
            tally.Add(Some.Batch(1, Some.Log(0, message: $"the user {name} went away today"))[0]);
        }

        var entry = Assert.Single(tally.Finish());
        Assert.Equal((10, "the user <*> went away today"), (entry.Count, entry.Text));
    }

    [Fact]
    public void ThinnedQuantilesStayCloseAndTheLargestExact()
    {
        var values = new ThinnedValues();
        for (var i = 1; i <= 100_000; i++)
        {
            values.Add(i);
        }

        Assert.InRange(values.Quantile(0.5), 49_000, 51_000);
        Assert.InRange(values.Quantile(0.95), 94_000, 96_000);
        Assert.Equal(100_000, values.Max);
    }

    [Fact]
    public void LongTextsKeepTheirLinesInOrder()
    {
        var text = string.Join('\n', Enumerable.Range(0, 20_000).Select(i => $"step {(char)('a' + (i % 3))} of job {i}"));
        using var output = new MemoryStream();

        new LineAssignment(new PatternOptions()).Run(new MemoryStream(Encoding.UTF8.GetBytes(text)), output, TestContext.Current.CancellationToken);

        var rows = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(20_000, rows.Length);
        Assert.All(rows.Index(), row => Assert.EndsWith($"\tstep {(char)('a' + (row.Index % 3))} of job <*>", row.Item, StringComparison.Ordinal));
    }

    private static string Word(Random random) => new string((char)('a' + random.Next(26)), 1 + random.Next(3));
}
