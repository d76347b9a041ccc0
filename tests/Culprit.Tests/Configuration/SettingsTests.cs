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

    [Fact]
    public void TheListsThatTheSampleShowsCommentedOutAreRight()
    {
        var sample = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", "culprit.yaml"));
        var shown = sample[sample.IndexOf("\nrules: []", StringComparison.Ordinal)..sample.IndexOf("\nwebSocket:", StringComparison.Ordinal)].Replace(": []", ":", StringComparison.Ordinal).Replace("\n#  ", "\n  ", StringComparison.Ordinal)
            .Replace("OrderWatch.dll", Path.Combine(AppContext.BaseDirectory, "OrderWatch.dll"), StringComparison.Ordinal)
            .Replace("type: order.refused", "type: order.refused-too", StringComparison.Ordinal);

        var settings = Read(shown, out var mistakes);

        Assert.Empty(mistakes);
        Assert.Equal(["payment-timeouts", "many-orders-refused"], settings!.Options.ToExtensions().Rules.Select(r => r.Name));
        Assert.Equal(2, settings.Options.ToExtensions().EventTypes.Types.Count);
        Assert.Equivalent(new Culprit.Engine.Rules.TriggerOptions(), settings.Options.Triggers);
    }

    [Theory]
    [InlineData("threshold: {count: 0}", "threshold:count", "'0'", "1 to 64")]
    [InlineData("flows: {idsPerSecond: -1}", "flows:idsPerSecond", "'-1'", "0 (none) to 100000")]
    [InlineData("threshold: {counting: some}", "threshold:counting", "'some'", "occurrences or distinct")]
    [InlineData("otlp: {grpcUrl: 127.0.0.1}", "otlp:grpcUrl", "'127.0.0.1'", "http://ADDRESS:PORT or none")]
    [InlineData("durability: maybe", "durability", "'maybe'", "sync or async")]
    [InlineData("runbooks: /nowhere/at/all", "runbooks", "'/nowhere/at/all'", "a folder that exists")]
    [InlineData("urls: nowhere", "urls", "'nowhere'", "http://ADDRESS:PORT")]
    [InlineData("sourceFilter: '('", "sourceFilter", "'('", "regular expression")]
    [InlineData(@"sourceFilter: '(a)\1'", "sourceFilter", @"'(a)\1'", "without backtracking")]
    [InlineData("admission: [{where: 'service is a'}]", "admission:0:where", "'service is a'", "a filter")]
    [InlineData("admission: [{keep: 1d}, {where: 'rate(1/1s)'}]", "admission:1:where", "'rate(1/1s)'", "another filter")]
    [InlineData("admission: [{keep: 7 days}]", "admission:0:keep", "'7 days'", "from 1h to 3650d")]
    [InlineData("admission: [{keep: 4000d}]", "admission:0:keep", "'4000d'", "from 1h to 3650d")]
    [InlineData("admission: [{sample: 0}]", "admission:0:sample", "'0'", "0.0001 to 1")]
    [InlineData("admission: [{sampleUpTo: warning}]", "admission:0:sampleUpTo", "'warning'", "debug, info, warn")]
    [InlineData("admission: [{keep: 1d}, {keep: 2d}, {keep: 3d}, {keep: 4d}, {keep: 5d}, {keep: 6d}, {keep: 1w}, {keep: 7d}, {keep: 8d}]", "admission", "9 different times (30d, 1d, ", "at most 8")]
    [InlineData("retention: {keep: forever}", "retention:keep", "'forever'", "from 1h to 3650d")]
    [InlineData("retention: {events: 0d}", "retention:events", "'0d'", "from 1h to 3650d")]
    [InlineData("retention: {maxBytes: 1000}", "retention:maxBytes", "'1000'", "268435456 or more")]
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
    [InlineData("admission: [{were: 'level = debug'}]", "admission:0:were: unknown key; known are where, keep")]
    [InlineData("retention: {kept: 7d}", "retention:kept: unknown key")]
    [InlineData("rules: [{name: a, on: [x], cal: b}]", "rules:0:cal: unknown key; known are name, on, where")]
    [InlineData("rules: [{name: a, call: b, threshold: {cuont: 3}}]", "rules:0:threshold:cuont: unknown key; known are count, window, scope")]
    [InlineData("eventTypes: [{type: a, fields: [{nam: b}]}]", "eventTypes:0:fields:0:nam: unknown key; known are name, kind, required")]
    [InlineData("triggers: {maxParalel: 3}", "triggers:maxParalel: unknown key")]
    [InlineData("rules: [{name: a, on: log.error, call: b}]", "rules:0:on: 'log.error' is one value; use a list")]
    [InlineData("rules: [{name: a, call: b, threshold: 5}]", "rules:0:threshold: '5' is one value; use a mapping of count")]
    [InlineData("data: {folder: x}", "data: one value is expected here")]
    [InlineData("triggers: {maxAttempts: 0}", "triggers:maxAttempts: '0' is not allowed; use 1 to 100")]
    [InlineData("rules: [{name: a, call: nobody}]", "rules:0:call: 'nobody' is not allowed; use nothing, because there is no handler")]
    [InlineData("rules: [{name: a, where: 'level <', call: b}]", "rules:0:where")]
    [InlineData("eventTypes: [{type: log.entry}]", "eventTypes:0:type: 'log.entry' is not allowed")]
    [InlineData("plugins: [missing.dll]", "missing.dll' cannot be used: there is no such file")]
    [InlineData("a: [1", "line 2")]
    [InlineData("threshold: {count: many}", "many")]
    public void WhatCannotBeUnderstoodIsNamed(string yaml, string expected)
    {
        var settings = Read(yaml, out var mistakes);

        Assert.Null(settings);
        Assert.Contains(mistakes, m => m.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void AdmissionRulesAreReadInTheirOrder()
    {
        const string Yaml = """
            admission:
              - where: 'level = debug'
                keep: 24h
                sample: 0.1
              - keep: 1w
            """;

        var options = Read(Yaml, out var mistakes)!.Options;

        Assert.Empty(mistakes);
        Assert.Equal([30, 1, 7], AdmissionSection.Times(options.Admission, options.Retention).Select(t => t.TotalDays));
        var rules = options.Admission.Select(r => r.ToRule(time => (int)time.TotalDays)).ToList();
        Assert.Equal(("level = debug", 1, 0.1), (rules[0].Where?.ToString(), rules[0].RetentionClass, rules[0].Sample));
        Assert.Equal((null, 7, 1), (rules[1].Where?.ToString(), rules[1].RetentionClass, rules[1].Sample));
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
    public void AStoreIsADatabaseAndAMistakeAboutItKeepsItsPassword()
    {
        Assert.Equal("embedded", Read("data: x", out _)!.Options.Store);
        Assert.Equal("postgres://u@h/d", Read("store: postgres://u@h/d", out _)!.Options.Store);
        Assert.Equal(
            "postgres://other",
            Settings.Load(new ServerArguments(null, null, _file, "postgres://other"), TextWriter.Null)!.Options.Store);

        Assert.Null(Read("store: mysql://u:hush@h/d", out var mistakes));
        Assert.StartsWith("store: the value (not repeated here", Assert.Single(mistakes), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", mistakes[0], StringComparison.Ordinal);
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
