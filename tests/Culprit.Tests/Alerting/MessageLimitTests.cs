using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Email;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>Whatever logs say, a message fits its receiver and is only text there.</summary>
public sealed class MessageLimitTests
{
    private static readonly PagerDutyOptions PagerDuty = new()
    {
        RoutingKey = new string('k', 32),
        IncidentUrl = "https://c.example/i/{id}",
        RunbookUrl = "https://c.example/r/{path}",
    };

    private static readonly OpsgenieOptions Opsgenie = new()
    {
        ApiKey = "0123456789",
        Tags = [.. Enumerable.Range(0, 10).Select(i => new string((char)('a' + i), 50))],
        IncidentUrl = "https://c.example/i/{id}",
        RunbookUrl = "https://c.example/r/{path}",
    };

    private static readonly SlackOptions Slack = new()
    {
        Url = "https://hooks.example/x",
        IncidentUrl = "https://c.example/i/{id}",
        RunbookUrl = "https://c.example/r/{path}",
    };

    public static TheoryData<string, string> Extremes => SomeAlert.Extremes;

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void PagerDutysLimitsHold(string what, string text)
    {
        var body = PagerDutyMessage.Write(SomeAlert.Saying(text), PagerDuty);

        Assert.True(body.Length <= PagerDutyMessage.MaxBytes, $"{what}: {body.Length} bytes");
        var payload = SomeAlert.Parse(body).GetProperty("payload");
        Assert.InRange(payload.GetProperty("summary").GetString()!.Length, 1, PagerDutyMessage.MaxSummary);
        Assert.InRange(payload.GetProperty("source").GetString()!.Length, 1, 255);
        Assert.True(payload.TryGetProperty("custom_details", out _));
        AssertClean(SomeAlert.Parse(body));
    }

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void OpsgeniesLimitsHold(string what, string text)
    {
        foreach (var kind in Enum.GetValues<AlertKind>())
        {
            var alert = SomeAlert.Saying(text) with { Kind = kind };

            var json = SomeAlert.Parse(OpsgenieMessage.Write(alert, Opsgenie));

            AssertClean(json);
            Assert.True(!json.TryGetProperty("note", out var note) || note.GetString()!.Length <= 25_000, what);
            if (kind is AlertKind.Firing or AlertKind.Updated)
            {
                Assert.InRange(json.GetProperty("message").GetString()!.Length, 1, OpsgenieMessage.MaxMessage);
                Assert.InRange(json.GetProperty("description").GetString()!.Length, 1, OpsgenieMessage.MaxDescription);
                Assert.InRange(json.GetProperty("alias").GetString()!.Length, 1, OpsgenieMessage.MaxAlias);
                Assert.InRange(json.GetProperty("entity").GetString()!.Length, 0, 512);
                Assert.InRange(json.GetProperty("tags").GetArrayLength(), 10, OpsgenieMessage.MaxTags);
                Assert.All(json.GetProperty("tags").EnumerateArray(), t => Assert.InRange(t.GetString()!.Length, 1, OpsgenieMessage.MaxTag));
                Assert.InRange(
                    json.GetProperty("details").EnumerateObject().Sum(p => p.Name.Length + p.Value.GetString()!.Length), 1, OpsgenieMessage.MaxDetails);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void SlacksLimitsHold(string what, string text)
    {
        foreach (var kind in Enum.GetValues<AlertKind>())
        {
            var json = SomeAlert.Parse(SlackMessage.Write(SomeAlert.Saying(text) with { Kind = kind }, Slack));

            var blocks = json.GetProperty("blocks").EnumerateArray().ToList();
            var texts = blocks.Select(b => b.GetProperty("text").GetProperty("text").GetString()!).ToList();
            Assert.InRange(blocks.Count, 1, SlackMessage.MaxBlocks);
            Assert.InRange(texts[0].Length, 1, SlackMessage.MaxHeader);
            Assert.All(texts, t => Assert.InRange(t.Length, 1, SlackMessage.MaxSection));
            Assert.True(texts.Sum(t => t.Length) <= SlackMessage.MaxAllText, what);
            AssertClean(json);
        }
    }

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void DatadogsLimitsHold(string what, string text)
    {
        var options = new DatadogOptions { IncidentUrl = "https://c.example/i/{id}", RunbookUrl = "https://c.example/r/{path}" };
        foreach (var kind in Enum.GetValues<AlertKind>())
        {
            var json = SomeAlert.Parse(DatadogMessage.Write(SomeAlert.Saying(text) with { Kind = kind }, options, SomeAlert.Firing.StartedAt!.Value));

            Assert.InRange(json.GetProperty("title").GetString()!.Length, 1, DatadogMessage.MaxTitle);
            Assert.True(json.GetProperty("text").GetString()!.Length is > 0 and <= DatadogMessage.MaxText, what);
            Assert.InRange(json.GetProperty("aggregation_key").GetString()!.Length, 1, DatadogMessage.MaxAggregationKey);
            Assert.All(json.GetProperty("tags").EnumerateArray(), t => Assert.InRange(t.GetString()!.Length, 1, DatadogMessage.MaxTag));
            AssertClean(json);
        }
    }

    [Theory]
    [InlineData("service:Payments API", "service:payments_api")]
    [InlineData("7up", "up")]
    [InlineData("a  b\u202e😀c", "a_b_c")]
    [InlineData("", "")]
    public void ATagIsWhatDatadogMakesOfIt(string text, string tag) => Assert.Equal(tag, DatadogMessage.Tag(text));

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void TeamsLimitHoldsAndTextIsOnlyText(string what, string text)
    {
        var options = new TeamsOptions { Url = "https://t.example/x", IncidentUrl = "https://c.example/i/{id}", RunbookUrl = "https://c.example/r/{path}" };
        foreach (var kind in Enum.GetValues<AlertKind>())
        {
            var message = TeamsMessage.Write(SomeAlert.Saying(text) with { Kind = kind }, options);

            Assert.True(message.Length <= TeamsMessage.MaxBytes, $"{what}: {message.Length} bytes");
            var card = SomeAlert.Parse(message).GetProperty("attachments")[0].GetProperty("content");
            var runs = card.GetProperty("body").EnumerateArray().SelectMany(b => b.GetProperty("inlines").EnumerateArray()).ToList();
            Assert.NotEmpty(runs);
            Assert.All(runs, r => Assert.Equal("TextRun", r.GetProperty("type").GetString()));
            Assert.All(runs.SelectMany(SomeAlert.Strings), s => Assert.False(
                s.Contains("://", StringComparison.Ordinal) || s.Contains("{{", StringComparison.Ordinal) || s.Contains("<at>", StringComparison.OrdinalIgnoreCase), s));
            AssertClean(SomeAlert.Parse(message));
        }
    }

    [Theory]
    [MemberData(nameof(Extremes), DisableDiscoveryEnumeration = true)]
    public void AMailIsOneHeaderALineAndPlainText(string what, string text)
    {
        var options = new EmailOptions { From = "culprit@example.com", To = ["oncall@example.com"], IncidentUrl = "https://c.example/i/{id}" };
        var alert = SomeAlert.Saying(text) with { Id = text.Length < 1000 ? text : "a", IncidentId = text.Length < 1000 ? text : "i" };

        using var message = EmailMessage.Write(alert, options, DateTimeOffset.UnixEpoch);
        using var written = new MemoryStream();
        message.WriteTo(written, TestContext.Current.CancellationToken);
        written.Position = 0;
        using var read = MimeKit.MimeMessage.Load(written, TestContext.Current.CancellationToken);

        Assert.InRange(read.Subject!.Length, 1, EmailMessage.MaxSubject);
        Assert.DoesNotContain("://evil", ((MimeKit.TextPart)read.Body!).Text, StringComparison.Ordinal);
        Assert.Equal(["Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "MIME-Version", "References", "Subject", "To"],
            read.Headers.Concat(read.Body!.Headers).Select(h => h.Field).Where(f => f != "Content-Transfer-Encoding").Distinct().Order(StringComparer.OrdinalIgnoreCase));
        Assert.Equal("oncall@example.com", read.To!.ToString());
        Assert.True(read.Body is MimeKit.TextPart { IsPlain: true }, what);
        Assert.InRange(written.Length, 1, 600_000);
    }

    [Fact]
    public void ASummaryOfExactlyTheLimitIsNotCut()
    {
        var room = PagerDutyMessage.MaxSummary - Summary("").Length - 1;

        // ": " comes before what was observed, one of which is part of the empty form's end.
        var fits = Summary(new string('x', room - 1));
        var isCut = Summary(new string('x', room));

        Assert.Equal(PagerDutyMessage.MaxSummary, fits.Length);
        Assert.EndsWith("x", fits, StringComparison.Ordinal);
        Assert.Equal(PagerDutyMessage.MaxSummary, isCut.Length);
        Assert.EndsWith("x…", isCut, StringComparison.Ordinal);

        static string Summary(string observed) => SomeAlert
            .Parse(PagerDutyMessage.Write(SomeAlert.Firing with { Observed = observed }, PagerDuty))
            .GetProperty("payload").GetProperty("summary").GetString()!;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AnEmojiAtTheLimitOfOpsgeniesMessageStaysWhole(int shift)
    {
        var alert = SomeAlert.Firing with { Observed = new string('x', shift) + SomeAlert.Repeat("😀", 100) };

        var message = SomeAlert.Parse(OpsgenieMessage.Write(alert, Opsgenie)).GetProperty("message").GetString()!;

        Assert.InRange(message.Length, OpsgenieMessage.MaxMessage - 1, OpsgenieMessage.MaxMessage);
        Assert.EndsWith("😀…", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    public void ADedupKeyIsTheIncidentOrItsHash(int length)
    {
        var incident = new string('i', length);

        var key = SomeAlert.Parse(PagerDutyMessage.Write(SomeAlert.Firing with { IncidentId = incident }, PagerDuty))
            .GetProperty("dedup_key").GetString()!;

        Assert.Equal(length <= 255 ? incident : TextCut.Key(incident, 255), key);
        Assert.True(key.Length <= 255);
    }

    [Fact]
    public void DetailsThatAreTooMuchAreCutBeforeTheyAreLeftOut()
    {
        var alert = SomeAlert.Firing with { Lines = [], SampleMessages = [.. Enumerable.Repeat(SomeAlert.Repeat("😀", 20_000), 20)] };

        var details = SomeAlert.Parse(PagerDutyMessage.Write(alert, PagerDuty)).GetProperty("payload").GetProperty("custom_details");

        Assert.Equal(SomeAlert.Firing.RootCause + " (confidence 0.82)", details.GetProperty("root_cause").GetString());
        Assert.Equal(10, details.GetProperty("sample_messages").GetArrayLength());
    }

    [Fact]
    public void InSlackOnlyConfiguredAddressesAreMarkup()
    {
        var json = SomeAlert.Parse(SlackMessage.Write(SomeAlert.Saying(SomeAlert.Hostile), Slack));

        var texts = json.GetProperty("blocks").EnumerateArray().Select(b => b.GetProperty("text")).ToList();
        var markup = Assert.Single(texts, t => t.GetProperty("type").GetString() == "mrkdwn").GetProperty("text").GetString()!;
        Assert.All(markup.Split(" · "), link => Assert.StartsWith("<https://c.example/", link, StringComparison.Ordinal));
        Assert.DoesNotContain("evil.example|", markup, StringComparison.Ordinal);
        var plain = texts.Where(t => t.GetProperty("type").GetString() == "plain_text").Select(t => t.GetProperty("text").GetString()!)
            .Append(json.GetProperty("text").GetString()!)
            .ToList();
        Assert.All(plain, t => Assert.DoesNotContain('<', t));
        Assert.All(plain, t => Assert.DoesNotContain('>', t));
        Assert.DoesNotContain("://", json.GetProperty("text").GetString()!, StringComparison.Ordinal);
        Assert.False(json.GetProperty("mrkdwn").GetBoolean());
        Assert.False(json.GetProperty("unfurl_links").GetBoolean());
        Assert.False(json.TryGetProperty("link_names", out _));
    }

    [Theory]
    [InlineData("db/pool.md", "https://c.example/r/db/pool.md")]
    [InlineData("a b?#.md", "https://c.example/r/a%20b%3F%23.md")]
    [InlineData("../x.md", null)]
    [InlineData("a/../../x.md", null)]
    [InlineData("/etc/passwd", null)]
    [InlineData("//evil.example/x", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void ALinkToARunbookStaysBelowTheConfiguredAddress(string? path, string? link) =>
        Assert.Equal(link, AlertText.RunbookLink(SomeAlert.Firing with { Runbook = path }, Slack));

    /// <summary>Nothing that steers a terminal or turns the order of a line, and whole characters only.</summary>
    private static void AssertClean(JsonElement json)
    {
        foreach (var text in SomeAlert.Strings(json))
        {
            foreach (var rune in text.EnumerateRunes())
            {
                var isUnsafe = rune.Value is < 0x20 and not '\n' or 0x7F or 0xFFFD or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
                Assert.False(isUnsafe, $"U+{rune.Value:X4} in a message");
            }
        }
    }
}
