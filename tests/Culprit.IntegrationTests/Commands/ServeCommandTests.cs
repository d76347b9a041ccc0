using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Commands;

public class ServeCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatKeepsItFromStartingIsSaidInOneLine()
    {
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var file = Path.Combine(other.Path, "file");
        await File.WriteAllTextAsync(file, "not a folder", Token);
        await using var first = await ServerProcess.StartAsync(folder.Path, Token);
        var port = first.Http.BaseAddress!.Port;

        var sameFolder = await CommandRun.ExecuteAsync(null, ["serve", "--urls", "http://127.0.0.1:0", "--data", folder.Path], Token);
        var samePort = await CommandRun.ExecuteAsync(null, ["serve", "--urls", $"http://127.0.0.1:{port}", "--data", other.Path], Token);
        var noFolder = await CommandRun.ExecuteAsync(null, ["serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(file, "data")], Token);

        var config = Path.Combine(other.Path, "culprit.yaml");
        await File.WriteAllTextAsync(config, "analyst: {model: 'anthropic:x', keyVariable: CULPRIT_TEST_NO_SUCH_KEY}", Token);
        var noKey = await CommandRun.ExecuteAsync(null, ["serve", "--urls", "http://127.0.0.1:0", "--data", other.Path, "--config", config], Token);
        var check = await CommandRun.ExecuteAsync(null, ["check", "--config", config], Token);

        foreach (var run in (CommandRun[])[sameFolder, samePort, noFolder, noKey])
        {
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("culprit: cannot start: ", run.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        }

        Assert.Contains("the environment has no CULPRIT_TEST_NO_SUCH_KEY", noKey.Errors, StringComparison.Ordinal);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("the environment has no CULPRIT_TEST_NO_SUCH_KEY", check.Errors, StringComparison.Ordinal);
        Assert.Contains("another process", sameFolder.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("address already in use", samePort.Errors, StringComparison.OrdinalIgnoreCase);
    }
}
