using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Email;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using MimeKit;
using Spectre.Console;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>Whatever logs say is only text at every receiver: it mentions nobody, links nowhere, formats nothing and steers nothing.</summary>
public sealed class HostileTextTests
{
    private const string Incident = "https://culprit.test/i/{id}";
    private const string Runbook = "https://wiki.test/r/{path}";

    private static readonly string[] Texts =
    [
        "@channel @here @everyone @oncall-team @user@example.com",
        "<!channel> <!here> <!everyone> <!subteam^S123> <@U123> <#C123|general>",
        "<https://evil.example|click here> https://evil.example/a?b=c HTTP://EVIL.EXAMPLE www.evil.example WWW.evil.example mailto:x@evil.example",
        "[click](https://evil.example) ![x](https://evil.example/p.png) *bold* _it_ ~s~ `code` ```block``` # head > quote",
        "<a href=\"https://evil.example\">x</a> <img src=x onerror=alert(1)> <script>alert(1)</script> </pre> &lt;b&gt; &amp;",
        "a\r\nBcc: victim@example.com\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@y>",
        "\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007x\u001b]8;;\u0007 \u0007\b\u007f\u009b31m",
        "\u202edlrow\u202c \u2066x\u2069 a\u200bb\u200cc\u200dd\u2060e \ufefff \u00adg",
        "{{DATE(2026-01-01T00:00:00Z, SHORT)}} <at>Everyone</at> <AT>x</AT> ${expr} {{ .Labels }} {{ template \"x\" }}",
        "%%% \n ### head @all [x](https://evil.example) \n %%% %%%%%%",
        "\",\"severity\":\"low\",\"x\":\"y\" ,env=\"prod\" }{ \\u0022 \\\" \\",
        "alertname=\"x\",incident_id=\"y\"\nseverity: critical",
        "[bold red]markup[/] [link=https://evil.example]x[/]",
        "lone \ud800 and \udfff surrogates, a null \0, a line\u2028 and a paragraph\u2029",
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var sink in new[] { "pagerduty", "opsgenie", "slack", "slackpost", "slackupdate", "teams", "alertmanager", "datadog", "email", "console", "change" })
            {
                foreach (var text in Texts)
                {
                    cases.Add(sink, text);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void TextFromLogsIsOnlyText(string sink, string text)
    {
        foreach (var kind in Enum.GetValues<AlertKind>())
        {
            var alert = SomeAlert.Saying(text) with { Kind = kind };
            if (sink == "email")
            {
                CheckMail(alert);
            }
            else if (sink == "console")
            {
                CheckConsole(alert, text);
            }
            else
            {
                CheckJson(sink, alert, text);
            }
        }
    }

    [Fact]
    public void TheTableIsWhatTheSinksAre() => Assert.All(
        SinkType.All.Where(t => t.Name != "webhook"), // which sends the event as it is, signed
        type => Assert.Contains(Cases, c => c.Data.Item1 == type.Name));

    private static void CheckJson(string sink, Alert alert, string text)
    {
        var json = SomeAlert.Parse(Render(sink, alert, text));
        foreach (var said in SomeAlert.Strings(json))
        {
            AssertVisible(said);
        }

        switch (sink)
        {
            case "slack" or "slackpost" or "slackupdate":
                CheckSlack(json);
                break;
            case "teams":
                CheckTeams(json);
                break;
            case "datadog":
                Assert.All(SomeAlert.Strings(json), s => Assert.DoesNotContain("@", s, StringComparison.Ordinal));
                Assert.All(SomeAlert.Strings(json), s => Assert.DoesNotContain("%%%", s, StringComparison.Ordinal));
                AssertNoLinks(json.GetProperty("title").GetString()!);
                AssertNoLinks(json.GetProperty("text").GetString()!);
                break;
            case "opsgenie":
                Assert.All(SomeAlert.Strings(json), s => Assert.DoesNotContain('<', s));
                Assert.All(SomeAlert.Strings(json), s => Assert.DoesNotContain('@', s));
                Assert.All(SomeAlert.Strings(json), AssertNoLinks);
                break;
            case "alertmanager":
                Assert.Equal(["alertname", "incident_id", "environment", "source"], json[0].GetProperty("labels").EnumerateObject().Select(p => p.Name));
                Assert.All(SomeAlert.Strings(json[0].GetProperty("annotations")), AssertNoLinks);
                break;
            default:
                Assert.All(SomeAlert.Strings(json), AssertNoLinks);
                break;
        }
    }

    private static void CheckSlack(JsonElement json)
    {
        Assert.False(json.TryGetProperty("link_names", out var names) && names.GetBoolean());
        Assert.True(!json.TryGetProperty("parse", out var parse) || parse.GetString() == "none");
        AssertNoLinks(json.GetProperty("text").GetString()!);
        Assert.DoesNotContain('<', json.GetProperty("text").GetString()!);
        foreach (var block in json.GetProperty("blocks").EnumerateArray().Select(b => b.GetProperty("text")))
        {
            var said = block.GetProperty("text").GetString()!;
            if (block.GetProperty("type").GetString() == "plain_text")
            {
                Assert.DoesNotContain('<', said);
                Assert.False(block.GetProperty("emoji").GetBoolean());
            }
            else
            {
                Assert.All(said.Split(" · "), link => Assert.Matches("^<https://(culprit|wiki)\\.test/[^<>|\\s]*\\|(Incident|Runbook)>$", link));
            }
        }
    }

    private static void CheckTeams(JsonElement json)
    {
        var card = json.GetProperty("attachments")[0].GetProperty("content");
        foreach (var run in card.GetProperty("body").EnumerateArray().SelectMany(b => b.GetProperty("inlines").EnumerateArray()))
        {
            Assert.Equal("TextRun", run.GetProperty("type").GetString());
            var said = run.GetProperty("text").GetString()!;
            AssertNoLinks(said);
            Assert.DoesNotContain("{{", said, StringComparison.Ordinal);
            Assert.DoesNotContain("<at>", said, StringComparison.OrdinalIgnoreCase);
        }

        Assert.All(
            card.TryGetProperty("actions", out var actions) ? actions.EnumerateArray().Select(a => a.GetProperty("url").GetString()!) : [],
            url => Assert.Matches("^https://(culprit|wiki)\\.test/", url));
    }

    private static void CheckMail(Alert alert)
    {
        var options = new EmailOptions { From = "culprit@test.test", To = ["oncall@test.test"], IncidentUrl = Incident, RunbookUrl = Runbook };
        using var message = EmailMessage.Write(alert, options, DateTimeOffset.UnixEpoch);
        using var written = new MemoryStream();
        message.WriteTo(written, TestContext.Current.CancellationToken);
        written.Position = 0;
        using var read = MimeMessage.Load(written, TestContext.Current.CancellationToken);

        Assert.Equal("oncall@test.test", read.To!.ToString());
        Assert.Empty(read.Bcc!);
        Assert.Empty(read.Cc!);
        Assert.Single(read.Headers, h => h.Field == "Subject");
        AssertVisible(read.Subject!);
        Assert.DoesNotContain('\n', read.Subject!);
        var body = Assert.IsType<TextPart>(read.Body);
        Assert.True(body.IsPlain);
        AssertVisible(body.Text!.ReplaceLineEndings("\n"));
        AssertNoLinks(read.Subject!);
        AssertNoLinks(body.Text!);
    }

    private static void CheckConsole(Alert alert, string text)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 1_000_000;
        new ConsoleSink(console).Write(alert);

        AssertVisible(output.ToString().ReplaceLineEndings("\n"));
        if (text.StartsWith("[bold", StringComparison.Ordinal))
        {
            Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
        }
    }

    private static ReadOnlyMemory<byte> Render(string sink, Alert alert, string text) => sink switch
    {
        "pagerduty" => PagerDutyMessage.Write(alert, new PagerDutyOptions { IncidentUrl = Incident, RunbookUrl = Runbook }),
        "opsgenie" => OpsgenieMessage.Write(alert, new OpsgenieOptions { IncidentUrl = Incident, RunbookUrl = Runbook }),
        "slack" => SlackMessage.Write(alert, Slack),
        "slackpost" => SlackMessage.WritePost(alert, Slack, Thread),
        "slackupdate" => SlackMessage.WriteUpdate(alert with { Kind = AlertKind.Firing }, alert, Slack, Thread),
        "teams" => TeamsMessage.Write(alert, new TeamsOptions { IncidentUrl = Incident, RunbookUrl = Runbook }),
        "alertmanager" => AlertmanagerMessage.Write(alert, new AlertmanagerOptions { IncidentUrl = Incident, RunbookUrl = Runbook }, DateTimeOffset.UnixEpoch),
        "datadog" => DatadogMessage.Write(alert, new DatadogOptions { IncidentUrl = Incident, RunbookUrl = Runbook }, DateTimeOffset.UnixEpoch),
        "change" => PagerDutyChangeMessage.Write(new ForwardedChange(text, text, DateTimeOffset.UnixEpoch, text, text, text, text, [text]), new PagerDutyOptions()),
        _ => throw new ArgumentOutOfRangeException(nameof(sink)),
    };

    private static SlackOptions Slack => new() { Channel = "C0123456789", IncidentUrl = Incident, RunbookUrl = Runbook };

    private static AlertThread Thread => new("chat", "i1", "C0123456789", "1.1", default, DateTimeOffset.UnixEpoch);

    /// <summary>Nothing that a reader cannot see, and whole characters only.</summary>
    private static void AssertVisible(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            var isSeen = rune.Value == '\n' || (rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
                or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate));
            Assert.True(isSeen, $"U+{rune.Value:X4} in {text}");
        }
    }

    /// <summary>No address but those that the configuration makes.</summary>
    private static void AssertNoLinks(string text)
    {
        var others = text.Replace("https://culprit.test/", "", StringComparison.Ordinal).Replace("https://wiki.test/", "", StringComparison.Ordinal);
        Assert.DoesNotContain("://", others, StringComparison.Ordinal);
        Assert.DoesNotContain("www.", others, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("mailto:", others, StringComparison.OrdinalIgnoreCase);
    }
}
