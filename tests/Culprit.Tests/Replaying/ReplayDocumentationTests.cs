using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Culprit.Server.Commands;
using Culprit.Server.Replaying;
using Culprit.Tests.Rules;
using Xunit;

namespace Culprit.Tests.Replaying;

/// <summary>What docs/events.md shows of a replay is what the program takes.</summary>
public sealed partial class ReplayDocumentationTests
{
    private readonly string _page = File.ReadAllText(Path.Combine(SourceTree.FindRoot()!, "docs", "events.md"));

    [Fact]
    public void TheRequestOfTheExampleIsTaken()
    {
        var json = JsonBlock().Match(_page).Groups[1].Value;

        var (request, problem) = ReplayRequest.Read(Encoding.UTF8.GetBytes(json));

        Assert.Null(problem);
        Assert.Equal(["log.anomaly"], request!.Types);
        Assert.False(request.IsLive);
    }

    [Fact]
    public void EveryFieldOfTheTableIsTaken()
    {
        var values = new Dictionary<string, object>
        {
            ["from"] = "2026-11-23T05:00:00Z",
            ["to"] = "2026-11-23T06:00:00Z",
            ["service"] = "s",
            ["environment"] = "e",
            ["types"] = new[] { "log.anomaly" },
            ["mode"] = "live",
            ["alert"] = true,
        };
        var fields = TableRow().Matches(_page).SelectMany(m => FieldName().Matches(m.Groups[1].Value)).Select(m => m.Groups[1].Value).ToList();

        var (request, problem) = ReplayRequest.Read(JsonSerializer.SerializeToUtf8Bytes(fields.ToDictionary(f => f, f => values[f])));

        Assert.Null(problem);
        Assert.Equal(values.Count, fields.Count);
        Assert.True(request!.Alerts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheCommandOfTheExampleIsUnderstood(bool withOptionalParts)
    {
        var line = CommandLine().Match(_page).Groups[1].Value;
        line = withOptionalParts ? line.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal) : OptionalPart().Replace(line, "");

        var parsed = ReplayCommand.Create().Parse(line);

        Assert.Empty(parsed.Errors);
        Assert.Empty(parsed.UnmatchedTokens);
    }

    [GeneratedRegex(@"```json\n(\{""from"".*?)\n```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex FieldName();

    [GeneratedRegex(@"^    culprit replay (--from .*)$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@" \[[^\[\]]*(\[[^\]]*\])?\]")]
    private static partial Regex OptionalPart();
}
