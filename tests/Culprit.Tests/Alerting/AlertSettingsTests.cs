using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Webhook;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertSettingsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly Dictionary<string, string?> Valid = new(StringComparer.Ordinal)
    {
        ["alerts:sinks:hook:type"] = "webhook",
        ["alerts:sinks:hook:url"] = "https://hooks.example.com/culprit",
        ["alerts:sinks:hook:signingSecrets:0"] = Secret,
        ["alerts:sinks:pager:type"] = "pagerduty",
        ["alerts:sinks:pager:routingKey"] = "0123456789abcdef0123456789abcdef",
        ["alerts:sinks:genie:type"] = "opsgenie",
        ["alerts:sinks:genie:apiKey"] = "11111111-2222-3333-4444-555555555555",
        ["alerts:sinks:genie:url"] = "https://api.eu.opsgenie.com/v2/alerts",
        ["alerts:sinks:genie:priorities:low"] = "p5",
        ["alerts:sinks:chat:type"] = "slack",
        ["alerts:sinks:chat:url"] = "https://hooks.slack.com/services/T0/B0/secretsecret",
        ["alerts:routes:0:minSeverity"] = "critical",
        ["alerts:routes:0:sinks:0"] = "pager",
        ["alerts:routes:0:sinks:1"] = "genie",
        ["alerts:routes:0:continue"] = "true",
        ["alerts:routes:1:environments:0"] = "prod*",
        ["alerts:routes:1:services:0"] = "pay*",
        ["alerts:routes:1:sinks:0"] = "chat",
        ["alerts:routes:1:sinks:1"] = "hook",
        ["alerts:routes:1:sinks:2"] = "console",
    };

    [Fact]
    public void WithoutConfigurationEverythingGoesToTheConsole()
    {
        var settings = Read([]);

        Assert.Empty(settings.Mistakes);
        Assert.Empty(settings.Sinks);
        Assert.Equal(["console"], settings.ToRouter().Route(SomeAlert.Firing));
    }

    [Fact]
    public void SinksAndRoutesAreRead()
    {
        var settings = Read(Valid);

        Assert.Empty(settings.Mistakes);
        Assert.Equal("https://hooks.example.com/culprit", Assert.IsType<WebhookOptions>(settings.Sinks["hook"]).Target);
        Assert.Equal("https://events.pagerduty.com/v2/enqueue", Assert.IsType<PagerDutyOptions>(settings.Sinks["pager"]).Target);
        Assert.Equal("P5", Assert.IsType<OpsgenieOptions>(settings.Sinks["genie"]).PriorityOf(Engine.Correlation.IncidentSeverity.Low));
        Assert.IsType<SlackOptions>(settings.Sinks["chat"]);
        var critical = SomeAlert.Firing with { Severity = Engine.Correlation.IncidentSeverity.Critical, Environment = "production" };
        Assert.Equal(["pager", "genie", "chat", "hook", "console"], settings.ToRouter().Route(critical));
    }

    [Fact]
    public void RoutesKeepTheirOrderBeyondNine()
    {
        var values = Enumerable.Range(0, 12).ToDictionary(i => $"alerts:routes:{i}:sinks:0", _ => (string?)"console");
        values["alerts:routes:2:minSeverity"] = "medium";
        values["alerts:routes:10:minSeverity"] = "high";

        var settings = Read(values);

        Assert.Equal("Medium", settings.Routes[2].Match.MinSeverity.ToString());
        Assert.Equal("High", settings.Routes[10].Match.MinSeverity.ToString());
    }

    [Fact]
    public void LabelsOfServicesAreOnTheAlertAndRoutesMatchThem()
    {
        var settings = Read(new Dictionary<string, string?>(Valid, StringComparer.Ordinal)
        {
            ["alerts:labels:0:services:0"] = "payments",
            ["alerts:labels:0:environments:0"] = "prod*",
            ["alerts:labels:0:labels:team"] = "money",
            ["alerts:labels:1:services:0"] = "*",
            ["alerts:labels:1:labels:team"] = "core",
            ["alerts:labels:1:labels:tier"] = "2",
            ["alerts:routes:0:name"] = "money",
            ["alerts:routes:0:minSeverity"] = "low",
            ["alerts:routes:0:labels:team"] = "mon*",
            ["alerts:routes:0:labels:tier:0"] = "1",
            ["alerts:routes:0:labels:tier:1"] = "2",
            ["alerts:routes:0:anomalyTypes:0"] = "error_*",
            ["alerts:routes:0:continue"] = "false",
        });
        var made = SomeAlert.Event();
        made["environment"] = "production";
        made["services"] = new System.Text.Json.Nodes.JsonArray("payments", "web");
        var alert = new Engine.Storage.DerivedEvent("a", "alert.firing", 0, "production", null, "i", null, SomeAlert.Utf8(made));

        var output = new AlertPost(settings.ToRouter(), settings.Labels, new IncidentBook(), TimeProvider.System).ToOutput(7, [alert]);

        Assert.Empty(settings.Mistakes);
        Assert.Equal("money", settings.Routes[0].Name);
        Assert.Equal(["pager", "genie"], output.Outbox.Select(o => o.Sink));
        Assert.True(AlertParser.TryParse(Assert.Single(output.Events).Json, out var parsed, out _));
        Assert.Equal(["core", "money"], parsed.Labels["team"]);
        Assert.Equal(["2"], parsed.Labels["tier"]);
        Assert.Equal(output.Events[0].Json.ToArray(), output.Outbox[0].Json.ToArray());
    }

    [Fact]
    public void TwoRoutesOfOneNameAreAMistake()
    {
        var settings = Read(new Dictionary<string, string?>(Valid, StringComparer.Ordinal) { ["alerts:routes:0:name"] = "a", ["alerts:routes:1:name"] = "A" });

        Assert.Equal(["alerts:routes: 2 routes have the name 'a'; give each one of its own."], settings.Mistakes);
    }

    [Fact]
    public async Task TheConfiguredSinksAreRegisteredUnderTheirNames()
    {
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton<Culprit.Engine.Storage.IAlertThreadStore, Culprit.Engine.Storage.MemoryAlertThreadStore>().AddSinks(Read(Valid));

        await using var provider = services.BuildServiceProvider();

        Assert.Equal(["chat", "genie", "hook", "pager"], provider.GetServices<IAlertSink>().Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.NotNull(provider.GetService<AlertRouter>());
    }

    [Theory]
    [InlineData("alerts:sink:x", "y", "alerts:sink: unknown key; known are sinks, routes, labels, maintenance, notices.")]
    [InlineData("alerts:notices", "chat", "alerts:notices: a single value is not allowed; use a list.")]
    [InlineData("alerts:notices:0", "chta", "alerts:notices: 'chta' is not allowed; use chat, console, genie, hook, pager.")]
    [InlineData("alerts:sinks:hook:type", "smoke", "alerts:sinks:hook:type: 'smoke' is not allowed; use webhook, pagerduty, opsgenie, slack, teams, email, datadog, alertmanager, console.")]
    [InlineData("alerts:sinks:hook:typ", "x", "alerts:sinks:hook:typ: unknown key; known are allowLoopback, allowPrivate, incidentUrl, runbookUrl, signingSecrets, type, url.")]
    [InlineData("alerts:sinks:hook:allowPrivate", "yes", "alerts:sinks:hook:allowPrivate: 'yes' is not allowed; use true or false.")]
    [InlineData("alerts:sinks:hook:url", "http://hooks.example.com", "alerts:sinks:hook:url: 'http://hooks.example.com' is not allowed; use an https address")]
    [InlineData("alerts:sinks:hook:url", "http://127.0.0.1:1/", "alerts:sinks:hook:url: 'http://127.0.0.1:1/' is not allowed; use an https address")]
    [InlineData("alerts:sinks:hook:url", "https://2130706433/", "alerts:sinks:hook:url: the address 127.0.0.1 is this machine; allowLoopback")]
    [InlineData("alerts:sinks:hook:url", "https://0x0a.1/", "alerts:sinks:hook:url: the address 10.0.0.1 is private; allowPrivate")]
    [InlineData("alerts:sinks:hook:url", "https://[::ffff:169.254.169.254]/", "alerts:sinks:hook:url: the address ::ffff:169.254.169.254 is never a receiver")]
    [InlineData("alerts:sinks:hook:url", "file:///etc/passwd", "alerts:sinks:hook:url: 'file:///etc/passwd' is not allowed")]
    [InlineData("alerts:sinks:hook:url", "", "alerts:sinks:hook:url: '' is not allowed; use an https address")]
    [InlineData("alerts:sinks:hook:url", "https://me:pass@hooks.example.com", "alerts:sinks:hook:url: the value (not shown) is not allowed")]
    [InlineData("alerts:sinks:hook:signingSecrets:0", "hunter2", "alerts:sinks:hook:signingSecrets:0: the value (not shown) is not allowed; use whsec_")]
    [InlineData("alerts:sinks:hook:signingSecrets", "hunter2", "alerts:sinks:hook:signingSecrets: a single value is not allowed; use a list.")]
    [InlineData("alerts:sinks:hook:incidentUrl", "https://x.example/", "alerts:sinks:hook:incidentUrl: 'https://x.example/' is not allowed; use an http or https address with {id}")]
    [InlineData("alerts:sinks:hook:runbookUrl", "javascript:{path}", "alerts:sinks:hook:runbookUrl: 'javascript:{path}' is not allowed")]
    [InlineData("alerts:sinks:pager:routingKey", "hunter2", "alerts:sinks:pager:routingKey: the value (not shown) is not allowed")]
    [InlineData("alerts:sinks:pager:routingKey:0", "hunter2", "alerts:sinks:pager:routingKey:", "alerts:sinks:pager:routingKey")]
    [InlineData("alerts:sinks:genie:apiKey", "hunter2", "alerts:sinks:genie:apiKey: the value (not shown) is not allowed")]
    [InlineData("alerts:sinks:genie:priorities:low", "P6", "alerts:sinks:genie:priorities:low: 'P6' is not allowed; use P1, P2, P3, P4 or P5.")]
    [InlineData("alerts:sinks:genie:priorities:urgent", "P1", "alerts:sinks:genie:priorities: 'urgent' is not allowed; use low, medium, high or critical.")]
    [InlineData("alerts:sinks:genie:tags:0", "", "alerts:sinks:genie:tags: '' is not allowed; use 1 to 50 characters.")]
    [InlineData("alerts:sinks:chat:url", "ftp://hunter2", "alerts:sinks:chat:url: the value (not shown) is not allowed; use an https address")]
    [InlineData("alerts:sinks:chat:channel", "C0123456789", "alerts:sinks:chat:channel: a webhook has its own channel; a channel needs a token.")]
    [InlineData("alerts:sinks:chat:token", "hunter2", "alerts:sinks:chat:token: the value (not shown) is not allowed; use the token of a bot, which begins with xoxb-.")]
    [InlineData("alerts:sinks:chat:token", "xoxb-0123456789-x", "alerts:sinks:chat:channel: '' is not allowed; use the id of a channel, such as C0123456789.")]
    [InlineData("alerts:sinks:a b:type", "slack", "alerts:sinks: 'a b' is not allowed; use names of 1 to 64 letters, digits, - and _.")]
    [InlineData("alerts:sinks:term:type", "console", "alerts:sinks:term: the console is built in under the name console; use that name.")]
    [InlineData("alerts:sinks:console:type", "slack", "alerts:sinks:console:type: 'slack' is not allowed; use console")]
    [InlineData("alerts:sinks:extra:type", "slack", "alerts:sinks:extra: no route leads to it; name it in the sinks of one of alerts:routes.")]
    [InlineData("alerts:routes:0:minSeverity", "huge", "alerts:routes:0:minSeverity: 'huge' is not allowed; use low, medium, high or critical.")]
    [InlineData("alerts:routes:0:severity", "low", "alerts:routes:0:severity: unknown key; known are name, minSeverity, maxSeverity, environments, services, anomalyTypes, labels, sinks, continue, repeat, escalate, sendResolved, inhibit.")]
    [InlineData("alerts:routes:0:sinks:0", "pagre", "alerts:routes:0:sinks: 'pagre' is not allowed; use chat, console, genie, hook, pager.")]
    [InlineData("alerts:routes:0:continue", "1", "alerts:routes:0:continue: '1' is not allowed; use true or false.")]
    [InlineData("alerts:routes:7:environments:0", "x", "alerts:routes:7:sinks: name at least one of chat, console, genie, hook, pager.")]
    [InlineData("alerts:routes:0:name", "a b", "alerts:routes:0:name: 'a b' is not allowed; use 1 to 64 letters, digits, - and _.")]
    [InlineData("alerts:routes:0:maxSeverity", "huge", "alerts:routes:0:maxSeverity: 'huge' is not allowed; use low, medium, high or critical.")]
    [InlineData("alerts:routes:0:anomalyTypes:0", "spik", "alerts:routes:0:anomalyTypes: 'spik' is not allowed; use unknown, error_spike, ")]
    [InlineData("alerts:routes:0:repeat", "30s", "alerts:routes:0:repeat: '30s' is not allowed; use 1m to 7d, such as 15m, 4h or 1d.")]
    [InlineData("alerts:routes:0:escalate", "30m", "alerts:routes:0:escalate: a single value is not allowed; use a list.")]
    [InlineData("alerts:routes:0:escalate:0:after", "15m", "alerts:routes:0:escalate:0:sinks: name at least one of chat, console")]
    [InlineData("alerts:routes:0:escalate:0:sinks:0", "pagre", "alerts:routes:0:escalate:0:sinks: 'pagre' is not allowed; use chat")]
    [InlineData("alerts:routes:0:escalate:0:sinks:0", "pager", "alerts:routes:0:escalate:0:after: '' is not allowed; use 1m to 7d")]
    [InlineData("alerts:routes:0:escalate:0:wait", "5m", "alerts:routes:0:escalate:0:wait: unknown key; known are after, sinks.")]
    [InlineData("alerts:routes:0:sendResolved", "no", "alerts:routes:0:sendResolved: 'no' is not allowed; use true or false.")]
    [InlineData("alerts:routes:0:labels:team", "", "alerts:routes:0:labels:team: '' is not allowed; use one value or a list.")]
    [InlineData("alerts:labels:0:services:0", "pay*", "alerts:labels:0:labels: give at least one, such as team: payments.")]
    [InlineData("alerts:labels:0:labels:team", "payments", "alerts:labels:0:services: name at least one, with * for any text.")]
    [InlineData("alerts:labels:0:team", "payments", "alerts:labels:0:team: unknown key; known are services, environments, labels.")]
    public void AMistakeNamesKeyValueAndWhatIsAllowed(string key, string value, string mistake, string? without = null)
    {
        var values = new Dictionary<string, string?>(Valid, StringComparer.Ordinal);
        if (without is not null)
        {
            values.Remove(without);
        }

        values[key] = value;

        var settings = Read(values);

        Assert.Contains(settings.Mistakes, m => m.StartsWith(mistake, StringComparison.Ordinal));
        Assert.DoesNotContain(settings.Mistakes, m => m.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void NamesOfSinksAreTheSameInAnyCase()
    {
        var file = new Dictionary<string, string?>(Valid, StringComparer.Ordinal) { ["alerts:routes:0:sinks:0"] = "Pager" };
        file.Remove("alerts:sinks:pager:routingKey");
        var environment = new Dictionary<string, string?> { ["ALERTS:SINKS:PAGER:ROUTINGKEY"] = new('k', 32) };

        var settings = AlertSettings.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(file).AddInMemoryCollection(environment).Build().GetSection("alerts"));

        Assert.Empty(settings.Mistakes);
        Assert.Equal(new string('k', 32), Assert.IsType<PagerDutyOptions>(settings.Sinks["pager"]).RoutingKey);
        Assert.Equal(["pager", "genie"], settings.Routes[0].Sinks);
    }

    [Fact]
    public void HttpIsForThisMachineWhenAllowed()
    {
        var values = new Dictionary<string, string?>(Valid, StringComparer.Ordinal)
        {
            ["alerts:sinks:hook:url"] = "http://localhost:9000/hook",
            ["alerts:sinks:hook:allowLoopback"] = "true",
        };

        Assert.Empty(Read(values).Mistakes);
    }

    [Fact]
    public void OfASinkThatFailsTheOthersOfItsRoutesAreToldOrThoseThatAreNamed()
    {
        var named = new Dictionary<string, string?>(Valid, StringComparer.Ordinal) { ["alerts:notices:0"] = "Chat", ["alerts:notices:1"] = "pager" };

        Assert.Equal(["genie", "console"], Read(Valid).SinksToTell("pager"));
        Assert.Equal(["chat", "console"], Read(named).SinksToTell("pager"));
        Assert.Equal(["console"], Read([]).SinksToTell("plug-in"));
        Assert.Empty(Read([]).SinksToTell("console"));
    }

    private static AlertSettings Read(Dictionary<string, string?> values) =>
        AlertSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("alerts"));
}
