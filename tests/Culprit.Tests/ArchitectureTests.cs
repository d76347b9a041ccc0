using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Culprit.Engine.Records;
using Culprit.Tests.Rules;
using Culprit.Tests.Rules.Offenders;
using Xunit;

namespace Culprit.Tests;

/// <summary>What must never depend on what; beside each rule stands a case that breaks it.</summary>
public sealed class ArchitectureTests
{
    private const string EngineRoot = "Culprit.Engine";
    private const string OffendersRoot = "Culprit.Tests.Rules.Offenders";

    private static readonly Lazy<IReadOnlyList<IType>> Loaded = new(() =>
        [.. new ArchLoader().LoadAssemblies(typeof(LogRecord).Assembly, typeof(ArchitectureTests).Assembly).Build().Types]);

    private static IReadOnlyList<IType> Engine => In(EngineRoot);

    private static IReadOnlyList<IType> Offenders => In(OffendersRoot);

    [Fact]
    public void TheEngineTouchesNoHostDriverFileSocketThreadOrClock()
    {
        var findings = PureRule.Check(Engine);

        Assert.NotEmpty(Engine);
        Assert.Empty(findings);
    }

    [Fact]
    public void TheRuleOfPuritySeesEachOffence()
    {
        var findings = PureRule.Check(Offenders).Where(f => f.Where == typeof(Impure).FullName).ToList();

        string[] offences =
        [
            "DateTime::get_UtcNow", "DateTimeOffset::get_UtcNow", "TimeProvider::get_System", "Guid::NewGuid",
            "System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.Net.Sockets.Socket",
            "System.Threading.Thread", "Task::Run", "Task::Delay", "System.Console", "System.Environment",
            "Microsoft.Data.Sqlite.SqliteConnection", "Microsoft.AspNetCore.Http.",
        ];
        Assert.All(offences, offence =>
            Assert.Contains(findings, finding => finding.What.Contains(offence, StringComparison.Ordinal)));
    }

    [Fact]
    public void DependenciesPointUpTheChainOfNouns()
    {
        var findings = ChainRule.Check(Engine, EngineRoot);

        Assert.Empty(findings);
    }

    [Fact]
    public void EveryFolderOfTheEngineHasAPlaceInTheChain()
    {
        var findings = ChainRule.CheckEveryFolderIsKnown(Engine, EngineRoot);

        Assert.Empty(findings);
    }

    [Fact]
    public void TheRuleOfTheChainSeesAStageThatLooksAheadAndAStoreThatIsNosy()
    {
        var findings = ChainRule.Check(Offenders, OffendersRoot).Select(f => f.ToString()).Order(StringComparer.Ordinal);

        Assert.Equal(
            [
                $"{OffendersRoot}.Correlation.LateStage -> {OffendersRoot}.Storage.NosyStore",
                $"{OffendersRoot}.Detection.EarlyStage -> {OffendersRoot}.Correlation.LateStage",
                $"{OffendersRoot}.Storage.NosyStore -> {OffendersRoot}.Detection.EarlyStage",
            ],
            findings);
    }

    [Fact]
    public void TheRuleOfTheChainSeesAFolderWithoutAPlace()
    {
        var findings = ChainRule.CheckEveryFolderIsKnown(In("Culprit.Tests.Rules"), "Culprit.Tests.Rules");

        Assert.Contains(findings, f => f.What.Contains("folder Offenders", StringComparison.Ordinal));
    }

    [Fact]
    public void NoFolderHasANameThatHidesWhatIsInside()
    {
        var namespaces = typeof(LogRecord).Assembly.GetTypes()
            .Concat(typeof(Culprit.Server.Journal.IJournal).Assembly.GetTypes())
            .Concat(typeof(ArchitectureTests).Assembly.GetTypes())
            .Select(type => type.Namespace)
            .OfType<string>()
            .Where(name => name.StartsWith("Culprit.", StringComparison.Ordinal))
            .Distinct()
            .ToList();

        var findings = NamingRule.CheckNamespaces(namespaces);

        Assert.Contains("Culprit.Server.Journal", namespaces);
        Assert.Empty(findings);
    }

    [Theory]
    [InlineData("Culprit.Engine.Common")]
    [InlineData("Culprit.Server.Storage.Helpers")]
    [InlineData("Culprit.Server.Utils")]
    public void AVagueFolderNameIsFound(string name) => Assert.Single(NamingRule.CheckNamespaces([name]));

    [Fact]
    public void TheNamespaceOfAFileIsItsFolder()
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var files = (from project in SourceTree.Projects(root)
                     from file in SourceTree.Sources(project.Folder)
                     select (Path: file, Full: Path.Combine(project.Folder, file), project.RootNamespace)).ToList();

        var findings = files
            .Select(file => NamingRule.CheckFile(file.Path, File.ReadAllText(file.Full), file.RootNamespace))
            .OfType<Finding>();

        Assert.Contains(files, file => file.Path == "ArchitectureTests.cs");
        Assert.Empty(findings);
    }

    [Theory]
    [InlineData("Records/LogRecord.cs", "namespace Culprit.Engine.Records;", true)]
    [InlineData("Pipeline.cs", "using System;\n\nnamespace Culprit.Engine;", true)]
    [InlineData("Records/LogRecord.cs", "namespace Culprit.Engine;", false)]
    [InlineData("Records/LogRecord.cs", "namespace Culprit.Engine.Record;", false)]
    public void AFileInAnotherFolderThanItsNamespaceIsFound(string path, string text, bool isRight)
    {
        var finding = NamingRule.CheckFile(path, text, EngineRoot);

        Assert.Equal(isRight, finding is null);
    }

    private static List<IType> In(string root) =>
        [.. Loaded.Value.Where(type => (type.Namespace.FullName + ".").StartsWith(root + ".", StringComparison.Ordinal))];
}
