using Culprit.Server.Ingestion.Files;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion;

public sealed class LogInputsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culprit-inputs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AFolderGivesItsLogFilesInOrderAndLeavesOutWhatIsNoLog()
    {
        Touch("b/payments.log", "a/app.log", "a/app.log.1", ".hidden.log", "image.png", "c/.git/x.log", "syslog");

        var inputs = LogInputs.Expand([_folder], out var problems);

        Assert.Empty(problems);
        Assert.Equal(
            ["syslog=syslog", "a/app.log=a", "a/app.log.1=a", "b/payments.log=payments"],
            inputs.Select(input => $"{Path.GetRelativePath(_folder, input.Path)}={input.Service}"));
    }

    [Theory]
    [InlineData("*.log", 1)]
    [InlineData("*/*.log", 2)]
    [InlineData("**/*.log", 4)]
    [InlineData("a/?.log", 1)]
    public void AGlobGivesWhatItMatches(string glob, int expected)
    {
        Touch("x.log", "a/y.log", "b/z.log", "b/c/w.log", "b/n.txt");

        var inputs = LogInputs.Expand([Path.Combine(_folder, glob)], out var problems);

        Assert.Empty(problems);
        Assert.Equal(expected, inputs.Count);
    }

    [Fact]
    public void APathThatGivesNothingIsNamed()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        var missing = Path.Combine(_folder, "missing.log");

        var inputs = LogInputs.Expand([empty, missing, Path.Combine(_folder, "*.none")], out var problems);

        Assert.Empty(inputs);
        Assert.Equal(3, problems.Count);
        Assert.Equal($"{missing}: no such file or folder", problems[1]);
    }

    [Fact]
    public void AFileThatIsNamedTwiceIsReadOnce()
    {
        Touch("x.log");
        var path = Path.Combine(_folder, "x.log");

        var inputs = LogInputs.Expand([path, path], out _);

        Assert.Single(inputs);
    }

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(_folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "x\n");
        }
    }
}
