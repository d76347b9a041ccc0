using System.Text.RegularExpressions;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Commands;
using Culprit.Server.Configuration;
using Culprit.Tests.Rules;

namespace Culprit.Tests.Alerting;

/// <summary>What documentation and sample show is accepted as it stands there.</summary>
public sealed class AlertDocumentationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void TheExampleOfTheDocumentationHasOneOfEachSinkAndRoutesToAll()
    {
        var lines = File.ReadLines(Path.Combine(Root(), "docs", "alerting.md"));

        var alerts = Load(lines.SkipWhile(l => l != "```yaml").Skip(1).TakeWhile(l => l != "```"));

        Assert.Equal(SinkType.All.Select(t => t.Name).Order(), alerts.Sinks.Values.Select(s => s.Type).Order());
        var worst = SomeAlert.Firing with { Severity = IncidentSeverity.Critical, Environment = "production", Services = ["payment-api"] };
        Assert.Equal([.. alerts.Sinks.Keys.Append("console").Order()], Route(alerts, worst).Order());
        Assert.Equal(["chat", "console"], Route(alerts, worst with { Severity = IncidentSeverity.High, Services = ["web"] }));
    }

    [Fact]
    public void EveryExampleOfTheDocumentationHolds()
    {
        var examples = File.ReadAllText(Path.Combine(Root(), "docs", "alerting.md")).Split("```yaml\n").Skip(1).Select(e => e.Split("```")[0]).ToList();

        Assert.NotEmpty(examples);
        Assert.All(examples, example => Load(example.Split('\n')));
    }

    [Fact]
    public void EveryExampleOfADestinationIsAccepted()
    {
        var types = new HashSet<string>();
        foreach (Match block in Regex.Matches(Documentation(), "```yaml\n(alerts:\n.*?)```", RegexOptions.Singleline))
        {
            types.UnionWith(Load(block.Groups[1].Value.Split('\n')).Sinks.Values.Select(s => s.Type));
        }

        Assert.Equal(SinkType.All.Select(t => t.Name).Order(), types.Order());
    }

    /// <summary>Behind each marker stands the golden message that it names; <c>CULPRIT_UPDATE_GOLDEN=1</c> writes it there.</summary>
    [Fact]
    public void WhatArrivesIsShownAsItIs()
    {
        var file = Path.Combine(Root(), "docs", "alerting.md");
        var documentation = Documentation();

        var shown = Regex.Replace(documentation, "<!-- golden: ([a-z-]+) -->\n(\n```text\n.*?\n```\n)?", m => $"<!-- golden: {m.Groups[1]} -->\n\n```text\n{Golden(m.Groups[1].Value)}\n```\n", RegexOptions.Singleline);

        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, shown);
            return;
        }

        Assert.Equal(shown, documentation);
        Assert.All(
            SinkType.All.Select(t => t.Name).Append(AlertSettings.Console),
            sink => Assert.Contains($"<!-- golden: {sink}-firing -->", documentation, StringComparison.Ordinal));
    }

    [Fact]
    public void TheSampleHoldsWhenItsCommentIsTakenAway()
    {
        var lines = File.ReadLines(Path.Combine(Root(), "samples", "culprit.yaml"));

        var alerts = Load(lines.SkipWhile(l => l != "# alerts:").Select(l => l[2..]));

        Assert.Equal(["chat", "pager"], alerts.Sinks.Keys.Order());
    }

    private AlertSettings Load(IEnumerable<string> yaml)
    {
        File.WriteAllLines(_file, yaml);
        using var errors = new StringWriter();

        var settings = Settings.Load(new ServerArguments(null, null, _file), errors);

        Assert.Equal("", errors.ToString());
        return settings!.Alerts;
    }

    private static IReadOnlyList<string> Route(AlertSettings alerts, Alert alert) => alerts.ToRouter().Route(alert);

    private static string Documentation() => File.ReadAllText(Path.Combine(Root(), "docs", "alerting.md"));

    private static string Golden(string name)
    {
        var file = Assert.Single(Directory.GetFiles(Path.Combine(Root(), "tests", "Culprit.Tests", "Cases", "alerts"), name + ".*"));
        return GoldenText.Of(name, File.ReadAllText(file));
    }

    private static string Root()
    {
        var root = SourceTree.FindRoot();
        Assert.SkipWhen(root is null, "the sources are not beside the tests");
        return root!;
    }
}
