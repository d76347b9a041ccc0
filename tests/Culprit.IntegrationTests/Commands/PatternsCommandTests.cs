using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Commands;

public class PatternsCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EachLineGetsTheIdAndPatternThatItHasAfterTheWholeFile()
    {
        string[] lines =
        [
            "2026-11-23T12:00:00Z INFO [shop] is one message", "job 7 done in 3 ms", string.Empty, "job 12 done in 9 ms", "tab\there",
        ];
        using var folder = new TempFolder();
        var output = Path.Combine(folder.Path, "out.tsv");

        var run = await CommandRun.ExecuteAsync(string.Join('\n', lines), ["patterns", "-", "--assign", output], Token);

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Errors));
        var rows = await File.ReadAllLinesAsync(output, Token);
        Assert.Equal(lines.Length, rows.Length);
        Assert.All(rows, row => Assert.Equal(16, row.IndexOf('\t', StringComparison.Ordinal)));
        Assert.Equal(rows[1], rows[3]);
        Assert.EndsWith("\tjob <*> done in <*> ms", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CountsAddUpToTheRecordsAndParametersAreTyped()
    {
        using var folder = new TempFolder();
        var log = Path.Combine(folder.Path, "shop.log");
        await File.WriteAllLinesAsync(
            log,
            Enumerable.Range(0, 100).Select(i => $"2026-11-23T12:00:{i % 60:00}Z INFO [shop] order id={i} took {i + 1} ms")
                .Append("2026-11-23T12:01:30Z WARN [stock] shelf is empty").Append("2026-11-23T12:01:31Z WARN [stock] shelf is full"),
            Token);

        var run = await CommandRun.ExecuteAsync(null, ["patterns", log, "--json", "-", "--top", "2"], Token);

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Errors));
        using var report = JsonDocument.Parse(run.Output);
        var root = report.RootElement;
        var patterns = root.GetProperty("patterns").EnumerateArray().ToList();
        Assert.Equal(2, patterns.Count);
        Assert.Equal(3, root.GetProperty("patterns_found").GetInt32());
        Assert.Equal(102, root.GetProperty("records").GetInt64());
        Assert.Equal(102, patterns.Sum(p => p.GetProperty("count").GetInt64()) + root.GetProperty("others").GetInt64());
        Assert.Equal("2026-11-23T12:00:00+00:00", patterns[0].GetProperty("first_seen").GetString());
        var duration = patterns[0].GetProperty("parameters").EnumerateArray().Single(p => p.GetProperty("kind").GetString() == "duration");
        Assert.Equal((50e6, 95e6, 100e6), (duration.GetProperty("p50").GetDouble(), duration.GetProperty("p95").GetDouble(), duration.GetProperty("max").GetDouble()));
    }

    [Theory]
    [InlineData("nosuch.log", "no such file")]
    [InlineData("- --assign x --top 3", "--assign goes with neither")]
    [InlineData("a b --assign x", "exactly one file")]
    [InlineData("- --top -1", "--top must be")]
    public async Task WrongUseIsRefusedInWords(string arguments, string said)
    {
        var run = await CommandRun.ExecuteAsync(string.Empty, ["patterns", .. arguments.Split(' ')], Token);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }
}
