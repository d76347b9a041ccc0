using System.Text.Json;
using Culprit.IntegrationTests.Analyst;
using Culprit.IntegrationTests.Evaluation;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Commands;

public sealed class EvalCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task CasesAreScoredAndABadOneIsNamedWithoutStoppingTheOthers()
    {
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "right"), hasFault: true, Token);
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "wrong"), hasFault: true, Token);
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "quiet"), hasFault: false, Token);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "garbled"));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "garbled", "metrics.jsonl"), "{\"timestamp\":\"2026-03-01T14:00:00Z\",\"service\":\"a\",\"metric\":\"m\",\"value\":\"many\"}\n", Token);

        // Notes that lie beside the telemetry are not read.
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "right", "notes.jsonl"), "not json at all\n", Token);
        await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "labels.jsonl"),
        [
            SomeCase.Label("right", "orders-db", ",\"root_cause_commit\":\"none\""),
            SomeCase.Label("wrong", "billing"),
            SomeCase.Label("quiet", "orders-db"),
            SomeCase.Label("garbled", "a"),
            SomeCase.Label("absent", "a"),
        ], Token);
        var file = Path.Combine(_folder.Path, "scores.json");

        var run = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path, "--json", file], Token);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("labels.jsonl line 5: field case_id: there is no folder", run.Errors, StringComparison.Ordinal);
        Assert.Contains("4 of 4: garbled: not scored: " + Path.Combine(_folder.Path, "garbled", "metrics.jsonl"), run.Errors, StringComparison.Ordinal);
        Assert.Contains("1 of 4: right: right", run.Errors, StringComparison.Ordinal);
        Assert.Contains("2/3 0.667", run.Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Token));
        var all = json.RootElement.GetProperty("all");
        int Figure(string name) => all.GetProperty(name).GetInt32();
        Assert.Equal((3, 1, 2, 1), (Figure("cases"), Figure("not_scored"), Figure("detected"), Figure("top_1")));
        Assert.Equal((1, 1, 0, 2), (Figure("with_change"), Figure("change_right"), Figure("before_the_fault"), Figure("inside")));
        Assert.InRange(all.GetProperty("delay_median_seconds").GetDouble(), 0, 30);
        Assert.Equal(2, all.GetProperty("confidence").GetProperty("claims").GetInt32() + Figure("abstained"));
        var cases = json.RootElement.GetProperty("cases");
        Assert.Equal("orders-db", cases[0].GetProperty("named")[0].GetString());
        Assert.Equal(0, cases[1].GetProperty("rank").GetInt32());
        Assert.False(cases[2].GetProperty("detected").GetBoolean());
        Assert.True(cases[3].TryGetProperty("problem", out _));
    }

    [Fact]
    public async Task AModelIsScoredBesideTheRanker()
    {
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "right"), hasFault: true, Token);
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "wrong"), hasFault: true, Token);
        await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "labels.jsonl"), [SomeCase.Label("right", "orders-db"), SomeCase.Label("wrong", "billing")], Token);
        await using var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Answer(
            "c1", "", AnalystScene.Evidence(request, "orders-db"), ("payroll was hacked", "x-1"))));
        var config = Path.Combine(_folder.Path, "culprit.yaml");
        await File.WriteAllTextAsync(config, $"analyst:\n  baseUrl: {model.OpenAiUrl}\n", Token);

        var run = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path, "--model", "openai:test", "--config", config, "--json", "-"], Token);
        var table = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path, "--model", "openai:test", "--config", config], Token);

        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        var scores = json.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("model")).ToList();
        Assert.Equal([true, false], scores.Select(s => s.GetProperty("right").GetBoolean()));
        Assert.All(scores, s => Assert.Equal((1, 1), (s.GetProperty("claims_kept").GetInt32(), s.GetProperty("claims_dropped").GetInt32())));
        Assert.All(scores, s => Assert.Equal(1000, s.GetProperty("input_tokens").GetInt32()));
        Assert.Contains("ranker top-1", table.Output, StringComparison.Ordinal);
        Assert.Contains("2/4 0.500", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordedRepliesGiveTheSameFiguresWithoutTheModel()
    {
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "right"), hasFault: true, Token);
        await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "labels.jsonl"), [SomeCase.Label("right", "orders-db")], Token);
        var config = Path.Combine(_folder.Path, "culprit.yaml");
        var replies = Path.Combine(_folder.Path, "replies");
        string[] arguments = ["eval", _folder.Path, "--model", "openai:test", "--replies", replies, "--config", config, "--json", "-"];
        CommandRun recorded;
        await using (var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Answer(
            "c1", "", AnalystScene.Evidence(request, "orders-db"), ("payroll was hacked", "x-1")))))
        {
            await File.WriteAllTextAsync(config, $"analyst:\n  baseUrl: {model.OpenAiUrl}\n", Token);
            recorded = await CommandRun.ExecuteAsync(null, arguments, Token);
        }

        // The server is gone; what it said is there.
        var again = await CommandRun.ExecuteAsync(null, arguments, Token);
        await File.WriteAllTextAsync(config, "analyst:\n  keyVariable: CULPRIT_TEST_NO_SUCH_KEY\n", Token);
        var withoutKey = await CommandRun.ExecuteAsync(null, arguments, Token);
        Directory.Delete(replies, recursive: true);
        var without = await CommandRun.ExecuteAsync(null, arguments, Token);

        var first = Score(recorded);
        Assert.Equal((true, 1, 1, 1000), first);
        Assert.Equal(first, Score(again));
        Assert.Equal(first, Score(withoutKey));
        Assert.Equal((false, 0, 0, 0), Score(without));

        static (bool, int, int, int) Score(CommandRun run)
        {
            using var json = JsonDocument.Parse(run.Output);
            var score = json.RootElement.GetProperty("cases")[0].GetProperty("model");
            int Figure(string name) => score.GetProperty(name).GetInt32();
            return (score.GetProperty("right").GetBoolean(), Figure("claims_kept"), Figure("claims_dropped"), Figure("input_tokens"));
        }
    }

    [Theory]
    [InlineData("nobody:x", "use anthropic:MODEL or openai:MODEL")]
    [InlineData("openai:x", "the environment has no CULPRIT_TEST_NO_SUCH_KEY")]
    public async Task AModelThatCannotBeAskedIsSaidBeforeAnythingIsPlayed(string model, string problem)
    {
        var config = Path.Combine(_folder.Path, "culprit.yaml");
        await File.WriteAllTextAsync(config, "analyst:\n  keyVariable: CULPRIT_TEST_NO_SUCH_KEY\n", Token);

        var run = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path, "--model", model, "--config", config], Token);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ToldTheTimeItAnswersForEveryCase()
    {
        await SomeCase.WriteAsync(Path.Combine(_folder.Path, "right"), hasFault: true, Token);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "labels.jsonl"), SomeCase.Label("right", "orders-db"), Token);

        var run = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path, "--told", "--json", "-"], Token);

        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal("told", json.RootElement.GetProperty("mode").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("all").GetProperty("top_1").GetInt32());
    }

    [Fact]
    public async Task AFolderWithoutLabelsIsBadUsage()
    {
        var run = await CommandRun.ExecuteAsync(null, ["eval", _folder.Path], Token);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("there is no labels.jsonl", run.Errors, StringComparison.Ordinal);
    }
}
