using Culprit.Server.Commands;
using Culprit.Server.Configuration;

namespace Culprit.Tests.Configuration;

public sealed class SettingsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void TheDefaultsHaveNoMistakes()
    {
        Assert.Empty(new CulpritOptions().Mistakes());
    }

    [Fact]
    public void TheSampleIsReadAndKeepsTheDefaults()
    {
        var settings = Read(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", "culprit.yaml")), out var mistakes);

        Assert.Empty(mistakes);
        Assert.Equal(["postgres", "redis"], settings!.Options.ServiceDependencies["user-service"]);
        Assert.Equal(new CulpritOptions().Threshold.Count, settings.Options.Threshold.Count);
        Assert.Equal(new CulpritOptions().Dedupe.WindowSeconds, settings.Options.Dedupe.WindowSeconds);
    }

    [Theory]
    [InlineData("threshold: {count: 0}", "threshold:count", "'0'", "1 to 64")]
    [InlineData("threshold: {counting: some}", "threshold:counting", "'some'", "occurrences or distinct")]
    [InlineData("durability: maybe", "durability", "'maybe'", "sync or async")]
    [InlineData("urls: nowhere", "urls", "'nowhere'", "http://ADDRESS:PORT")]
    [InlineData("sourceFilter: '('", "sourceFilter", "'('", "regular expression")]
    [InlineData(@"sourceFilter: '(a)\1'", "sourceFilter", @"'(a)\1'", "without backtracking")]
    public void AMistakeNamesKeyValueAndWhatIsAllowed(string yaml, string key, string value, string allowed)
    {
        var settings = Read(yaml, out var mistakes);

        Assert.Null(settings);
        var mistake = Assert.Single(mistakes);
        Assert.StartsWith(key, mistake, StringComparison.Ordinal);
        Assert.Contains(value, mistake, StringComparison.Ordinal);
        Assert.Contains(allowed, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("treshold: {count: 3}", "treshold: unknown key")]
    [InlineData("threshold: {counts: 3}", "threshold:counts: unknown key")]
    [InlineData("a: [1", "line 2")]
    [InlineData("threshold: {count: many}", "many")]
    public void WhatCannotBeUnderstoodIsNamed(string yaml, string expected)
    {
        var settings = Read(yaml, out var mistakes);

        Assert.Null(settings);
        Assert.Contains(mistakes, m => m.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void AlertsAreReadWithTheRest()
    {
        var settings = Read(
            """
            alerts:
              sinks:
                chat: { type: slack, url: "https://hooks.slack.com/services/T/B/x" }
              routes:
                - minSeverity: high
                  sinks: [chat, console]
            """,
            out var mistakes);

        Assert.Empty(mistakes);
        Assert.Equal("chat", Assert.Single(settings!.Alerts.Sinks).Key);
        Assert.Equal(["chat", "console"], Assert.Single(settings.Alerts.Routes).Sinks);
        Assert.Empty(Read("", out _)!.Alerts.Sinks);
    }

    [Fact]
    public void MistakesAboutAlertsAreNamedWithTheOthers()
    {
        Assert.Null(Read("threshold: {count: 0}\nalerts: {sinks: {chat: {type: smoke}}, route: []}\nalert: 1", out var mistakes));

        Assert.Contains(mistakes, m => m.StartsWith("threshold:count", StringComparison.Ordinal));
        Assert.Contains(mistakes, m => m.StartsWith("alerts:sinks:chat:type: 'smoke'", StringComparison.Ordinal));
        Assert.Contains(mistakes, m => m.StartsWith("alert: unknown key", StringComparison.Ordinal) && m.Contains("alerts", StringComparison.Ordinal));
    }

    [Fact]
    public void TheCommandLineComesBeforeTheFile()
    {
        File.WriteAllText(_file, "data: from-file\nurls: http://127.0.0.1:1");

        var settings = Settings.Load(new ServerArguments(null, "from-command-line", _file), TextWriter.Null);

        Assert.Equal("from-command-line", settings!.Options.Data);
        Assert.Equal("http://127.0.0.1:1", settings.Options.Urls);
    }

    [Fact]
    public void AMissingFileThatWasNamedIsAMistake()
    {
        using var errors = new StringWriter();

        Assert.Null(Settings.Load(new ServerArguments(null, null, _file + ".missing"), errors));
        Assert.Contains(".missing", errors.ToString(), StringComparison.Ordinal);
    }

    private Settings? Read(string yaml, out List<string> mistakes)
    {
        File.WriteAllText(_file, yaml);
        using var errors = new StringWriter();
        var settings = Settings.Load(new ServerArguments(null, null, _file), errors);
        mistakes = [.. errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(m => m.Replace("culprit: configuration: ", "", StringComparison.Ordinal))];
        return settings;
    }
}
