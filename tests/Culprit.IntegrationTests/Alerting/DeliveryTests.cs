using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Datadog;
using Culprit.Server.Alerting.Sinks.Opsgenie;
using Culprit.Server.Alerting.Sinks.PagerDuty;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Alerting.Sinks.Teams;
using Culprit.Server.Alerting.Sinks.Webhook;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Every sink against a server that enforces what its receiver documents.</summary>
public sealed class DeliveryTests
{
    private const string SlackPath = "/services/T000/B000/very-secret-path";

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] NewKey = [.. Enumerable.Range(101, 32).Select(i => (byte)i)];

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 4, 10, 21, 0, TimeSpan.Zero));

    public static TheoryData<string> Sinks => ["webhook", "pagerduty", "opsgenie", "slack", "teams", "alertmanager", "datadog"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("alert.firing", "trigger")]
    [InlineData("alert.updated", "trigger")]
    [InlineData("alert.acknowledged", "acknowledge")]
    [InlineData("alert.resolved", "resolve")]
    public async Task PagerDutyTakesEveryKindUnderTheIncidentsKey(string type, string action)
    {
        await using var receiver = await Receiver.StartAsync(Documented.PagerDuty, Token);

        var result = await DeliverAsync("pagerduty", receiver, SomeEvent.Item(type));

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        var json = Json(Assert.Single(receiver.Arrivals));
        Assert.Equal(action, json.GetProperty("event_action").GetString());
        Assert.Equal(SomeEvent.IncidentId, json.GetProperty("dedup_key").GetString());
    }

    [Theory]
    [InlineData("deploy checkout 2.4.1", "deploy checkout 2.4.1")]
    [InlineData("a\u001b[31m\u202eb\n😀", "a\\u001b[31m\\u202eb 😀")]
    [InlineData("", "deploy checkout")]
    public async Task PagerDutyTakesChangesBesideAlerts(string message, string summary)
    {
        await using var receiver = await Receiver.StartAsync(Documented.PagerDuty, Token);
        var batch = RecordBatches.Of(7, new Row(message)
        {
            Kind = EventKind.Change,
            Service = "checkout",
            Environment = "prod",
            Attributes = """{"kind":"deploy","change_id":"c7","commit":"abc","files":["a.cs"]}""",
        });

        var item = Assert.Single(ForwardedChange.Of(batch, 1, new HashSet<long>(), ["sink"]));
        var result = await DeliverAsync("pagerduty", receiver, item);

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        var arrival = Assert.Single(receiver.Arrivals);
        Assert.Equal("/v2/change/enqueue", arrival.Path);
        var payload = Json(arrival).GetProperty("payload");
        Assert.Equal((summary, "checkout", "2026-09-21T14:13:20Z"), (
            payload.GetProperty("summary").GetString(), payload.GetProperty("source").GetString(), payload.GetProperty("timestamp").GetString()));
        Assert.Equal(
            """{"kind":"deploy","change_id":"c7","service":"checkout","environment":"prod","commit":"abc","files":["a.cs"]}""",
            payload.GetProperty("custom_details").GetRawText());
        Assert.Empty(ForwardedChange.Of(batch, 1, new HashSet<long> { 7 }, ["sink"]));
    }

    [Theory]
    [InlineData("alert.firing", "/v2/alerts")]
    [InlineData("alert.updated", "/v2/alerts")]
    [InlineData("alert.acknowledged", "/v2/alerts/" + SomeEvent.IncidentId + "/acknowledge")]
    [InlineData("alert.resolved", "/v2/alerts/" + SomeEvent.IncidentId + "/close")]
    public async Task OpsgenieTakesEveryKindUnderTheIncidentsAlias(string type, string path)
    {
        await using var receiver = await Receiver.StartAsync(Documented.Opsgenie, Token);

        var result = await DeliverAsync("opsgenie", receiver, SomeEvent.Item(type));

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        Assert.Equal(path, Assert.Single(receiver.Arrivals).Path);
    }

    [Fact]
    public async Task ClosingWhatOpsgenieNoLongerHasIsDone()
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(404, """{"message":"Alert does not exist"}"""), Token);

        Assert.Equal(DeliveryOutcome.Delivered, (await DeliverAsync("opsgenie", receiver, SomeEvent.Item("alert.resolved"))).Outcome);
        Assert.Equal(DeliveryOutcome.Rejected, (await DeliverAsync("opsgenie", receiver, SomeEvent.Item())).Outcome);
    }

    [Theory]
    [InlineData("alert.firing")]
    [InlineData("alert.updated")]
    [InlineData("alert.acknowledged")]
    [InlineData("alert.resolved")]
    public async Task SlackTakesEveryKind(string type)
    {
        await using var receiver = await Receiver.StartAsync(Documented.Slack, Token);

        var result = await DeliverAsync("slack", receiver, SomeEvent.Item(type));

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        Assert.Equal(SlackPath, Assert.Single(receiver.Arrivals).Path);
    }

    [Theory]
    [InlineData("teams", "alert.firing")]
    [InlineData("teams", "alert.updated")]
    [InlineData("teams", "alert.acknowledged")]
    [InlineData("teams", "alert.resolved")]
    [InlineData("alertmanager", "alert.firing")]
    [InlineData("alertmanager", "alert.updated")]
    [InlineData("alertmanager", "alert.acknowledged")]
    [InlineData("alertmanager", "alert.resolved")]
    public async Task TeamsAndAlertmanagerTakeEveryKind(string sink, string type)
    {
        await using var receiver = await Receiver.StartAsync(sink == "teams" ? Documented.Teams : Documented.Alertmanager, Token);

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), await DeliverAsync(sink, receiver, SomeEvent.Item(type)));
    }

    [Theory]
    [InlineData("alert.firing", "error")]
    [InlineData("alert.updated", "error")]
    [InlineData("alert.acknowledged", "info")]
    [InlineData("alert.resolved", "success")]
    public async Task DatadogTakesEveryKindAsOneGroup(string type, string alertType)
    {
        await using var receiver = await Receiver.StartAsync(Documented.Datadog, Token);

        var result = await DeliverAsync("datadog", receiver, SomeEvent.Item(type));

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        var json = Json(Assert.Single(receiver.Arrivals));
        Assert.Equal(alertType, json.GetProperty("alert_type").GetString());
        Assert.Equal(SomeEvent.IncidentId, json.GetProperty("aggregation_key").GetString());
    }

    [Theory]
    [InlineData("pagerduty")]
    [InlineData("opsgenie")]
    [InlineData("slack")]
    [InlineData("datadog")]
    [InlineData("teams")]
    [InlineData("alertmanager")]
    public async Task HostileTextOfUpToAMegabyteIsTaken(string sink)
    {
        await using var receiver = await Receiver.StartAsync(
            sink switch
            {
                "pagerduty" => Documented.PagerDuty,
                "opsgenie" => Documented.Opsgenie,
                "datadog" => Documented.Datadog,
                "teams" => Documented.Teams,
                "alertmanager" => Documented.Alertmanager,
                _ => Documented.Slack,
            },
            Token);
        foreach (var unit in new[] { "x", "😀", "<!channel>&", "\"\\", "\u0001", "\u202e", "a\n" })
        {
            var text = new StringBuilder().Insert(0, unit, (unit == "😀" ? 1_000_000 : 100_000) / unit.Length).ToString();

            var result = await DeliverAsync(sink, receiver, SomeEvent.Item(text: text));

            Assert.Equal((unit, DeliveryOutcome.Delivered, null), (unit, result.Outcome, result.Detail));
        }
    }

    [Fact]
    public async Task AWebhookIsSignedWithEverySecretOverExactlyWhatIsSent()
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(204), Token);
        var item = SomeEvent.Item(text: "é😀 \"q\"");

        var result = await DeliverAsync("webhook", receiver, item);

        Assert.Equal(DeliveryOutcome.Delivered, result.Outcome);
        var arrival = Assert.Single(receiver.Arrivals);
        Assert.Equal(item.Json.ToArray(), arrival.Body);
        Assert.Equal("application/json", arrival.Headers["Content-Type"]);
        Assert.Equal(SomeEvent.AlertId + "_sink", arrival.Headers["webhook-id"]);
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), arrival.Headers["webhook-timestamp"]);
        byte[] signed =
        [
            .. Encoding.UTF8.GetBytes($"{arrival.Headers["webhook-id"]}.{arrival.Headers["webhook-timestamp"]}."), .. arrival.Body,
        ];
        Assert.Equal(
            $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Key, signed))} v1,{Convert.ToBase64String(HMACSHA256.HashData(NewKey, signed))}",
            arrival.Headers["webhook-signature"]);
        Assert.False(arrival.Headers.ContainsKey("traceparent"));
    }

    [Fact]
    public async Task AWebhooksIdStaysAndItsTimeMovesOverRetries()
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200), Token);
        receiver.Next.Enqueue(new Reply(500));
        using var sink = (WebhookSink)Create("webhook", receiver);

        var first = await sink.DeliverAsync(SomeEvent.Item(), Token);
        _clock.Advance(TimeSpan.FromMinutes(5));
        var second = await sink.DeliverAsync(SomeEvent.Item(), Token);

        Assert.Equal((DeliveryOutcome.Retryable, DeliveryOutcome.Delivered), (first.Outcome, second.Outcome));
        var arrivals = receiver.Arrivals.ToArray();
        Assert.Equal(arrivals[0].Headers["webhook-id"], arrivals[1].Headers["webhook-id"]);
        Assert.NotEqual(arrivals[0].Headers["webhook-timestamp"], arrivals[1].Headers["webhook-timestamp"]);
        Assert.NotEqual(arrivals[0].Headers["webhook-signature"], arrivals[1].Headers["webhook-signature"]);
    }

    [Fact]
    public async Task AWebhookThatIsGoneIsNotAskedAgain()
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(410), Token);
        using var sink = (WebhookSink)Create("webhook", receiver);

        var first = await sink.DeliverAsync(SomeEvent.Item(), Token);
        var second = await sink.DeliverAsync(SomeEvent.Item(), Token);

        Assert.Equal(DeliveryOutcome.Rejected, first.Outcome);
        Assert.Contains("410 Gone", first.Detail, StringComparison.Ordinal);
        Assert.Equal(first, second);
        Assert.Single(receiver.Arrivals);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task ARefusalIsRejectedWithTheReceiversReason(string sink)
    {
        await using var receiver = await Receiver.StartAsync(
            _ => new Reply(400, """{"status":"invalid event","errors":["'payload.summary' is missing or blank"]}"""), Token);

        var result = await DeliverAsync(sink, receiver, SomeEvent.Item());

        Assert.Equal(DeliveryOutcome.Rejected, result.Outcome);
        Assert.StartsWith("HTTP 400: ", result.Detail, StringComparison.Ordinal);
        Assert.Contains("'payload.summary' is missing", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task TooManyRequestsAreTriedAgainWhenTheReceiverSays(string sink)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(429, "slow down", RetryAfter: "30"), Token);
        receiver.Next.Enqueue(new Reply(503, RetryAfter: "Mon, 04 May 2026 10:21:45 GMT"));
        receiver.Next.Enqueue(new Reply(500, "oops"));

        var byDate = await DeliverAsync(sink, receiver, SomeEvent.Item());
        var without = await DeliverAsync(sink, receiver, SomeEvent.Item());
        var bySeconds = await DeliverAsync(sink, receiver, SomeEvent.Item());

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Retryable, "HTTP 503", TimeSpan.FromSeconds(45)), byDate);
        Assert.Equal(new DeliveryResult(DeliveryOutcome.Retryable, "HTTP 500: oops"), without);
        Assert.Equal(new DeliveryResult(DeliveryOutcome.Retryable, "HTTP 429: slow down", TimeSpan.FromSeconds(30)), bySeconds);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task ARedirectIsNotFollowed(string sink)
    {
        await using var elsewhere = await Receiver.StartAsync(_ => new Reply(200, "ok"), Token);
        await using var receiver = await Receiver.StartAsync(_ => new Reply(307, Location: elsewhere.Url + "/stolen"), Token);

        var result = await DeliverAsync(sink, receiver, SomeEvent.Item());

        Assert.Equal(DeliveryOutcome.Rejected, result.Outcome);
        Assert.Contains("redirects are not followed", result.Detail, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Arrivals);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task AReceiverThatDoesNotAnswerIsGivenUpAfterFifteenSeconds(string sink)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200), Token);
        receiver.Hangs = true;

        var delivery = DeliverAsync(sink, receiver, SomeEvent.Item());
        await receiver.HangingAsync(Token);
        _clock.Advance(SinkClient.Timeout - TimeSpan.FromTicks(1));
        Assert.False(delivery.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Retryable, "no answer within 15 s"), await delivery);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task AShutdownIsNoFailureOfTheReceiver(string sink)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200), Token);
        receiver.Hangs = true;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var delivery = DeliverAsync(sink, receiver, SomeEvent.Item(), stopping.Token);
        await receiver.HangingAsync(Token);
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task AnEndlessAnswerIsReadToItsBeginningOnly(string sink)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(400), Token);
        receiver.AnswersWithoutEnd = true;

        var result = await DeliverAsync(sink, receiver, SomeEvent.Item());

        Assert.Equal(DeliveryOutcome.Rejected, result.Outcome);
        Assert.InRange(result.Detail!.Length, 300, 320);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task NobodyThereIsWorthAnotherTry(string sink)
    {
        var receiver = await Receiver.StartAsync(_ => new Reply(200), Token);
        using var created = (IDisposable)Create(sink, receiver);
        await receiver.DisposeAsync();

        var result = await ((IAlertSink)created).DeliverAsync(SomeEvent.Item(), Token);

        Assert.Equal(DeliveryOutcome.Retryable, result.Outcome);
        Assert.DoesNotContain("secret", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sinks))]
    public async Task ASecretThatTheReceiverRepeatsIsNotShown(string sink)
    {
        await using var receiver = await Receiver.StartAsync(
            r => new Reply(400, $"{r.Path} {string.Join(' ', r.Headers.Values)} {r.Text[..Math.Min(60, r.Text.Length)]} \u001b[31m"), Token);

        var result = await DeliverAsync(sink, receiver, SomeEvent.Item());

        Assert.DoesNotContain("very-secret", result.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789-key", result.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('k', 32), result.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Detail!);
        Assert.True(sink == "webhook" || result.Detail!.Contains("(secret)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("pagerduty")]
    [InlineData("opsgenie")]
    [InlineData("slack")]
    public async Task WhatIsNoAlertIsRejectedWithoutARequest(string sink)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200), Token);

        var result = await DeliverAsync(sink, receiver, new OutboxItem("a", "sink", "i", "{"u8.ToArray(), 0));

        Assert.Equal(DeliveryOutcome.Rejected, result.Outcome);
        Assert.Empty(receiver.Arrivals);
    }

    [Fact]
    public void TheRulesOfOurReceiversRefuseWhatBreaksThem()
    {
        var empty = new Arrival("POST", "/v2/enqueue", "", new Dictionary<string, string>(), "{}"u8.ToArray());
        var authorised = new Dictionary<string, string> { ["Authorization"] = "GenieKey 0123456789-key" };
        var longMessage = Encoding.UTF8.GetBytes($$"""{"message":"{{new string('x', 131)}}"}""");
        var longBlock = Encoding.UTF8.GetBytes(
            $$$"""{"text":"t","blocks":[{"type":"section","text":{"type":"plain_text","text":"{{{new string('x', 3001)}}}"}}]}""");

        Assert.Equal(400, Documented.PagerDuty(empty).Status);
        Assert.Equal(413, Documented.PagerDuty(empty with { Body = new byte[512_001] }).Status);
        Assert.Equal(401, Documented.Opsgenie(empty with { Path = "/v2/alerts" }).Status);
        Assert.Equal(422, Documented.Opsgenie(empty with { Path = "/v2/alerts", Headers = authorised, Body = longMessage }).Status);
        Assert.Equal(400, Documented.Slack(empty with { Body = longBlock }).Status);
        Assert.Equal(413, Documented.Teams(empty with { Body = new byte[28_673] }).Status);
        Assert.Equal(400, Documented.Teams(empty with { Body = """{"type":"x","attachments":[]}"""u8.ToArray() }).Status);
        var endless = """[{"labels":{"a-b":"c"},"annotations":{},"startsAt":"2026-05-04T10:20:30Z","endsAt":"2026-05-04T10:20:30Z"}]"""u8.ToArray();
        Assert.Equal(400, Documented.Alertmanager(empty with { Path = "/api/v2/alerts", Body = endless }).Status);
        var datadog = empty with { Path = "/api/v1/events", Headers = new Dictionary<string, string> { ["DD-API-KEY"] = new('k', 32) } };
        Assert.Equal(403, Documented.Datadog(empty with { Path = "/api/v1/events" }).Status);
        Assert.Equal(400, Documented.Datadog(datadog).Status);
        Assert.Equal(400, Documented.Datadog(datadog with { Body = Encoding.UTF8.GetBytes($$"""{"title":"t","text":"{{new string('x', 4001)}}"}""") }).Status);
    }

    private async Task<DeliveryResult> DeliverAsync(string sink, Receiver receiver, OutboxItem item, CancellationToken? cancellationToken = null)
    {
        var created = Create(sink, receiver);
        using ((IDisposable)created)
        {
            return await created.DeliverAsync(item, cancellationToken ?? Token);
        }
    }

    private IAlertSink Create(string sink, Receiver receiver)
    {
        SinkOptions options = sink switch
        {
            "webhook" => new WebhookOptions
            {
                Url = receiver.Url + "/hook",
                SigningSecrets = ["whsec_" + Convert.ToBase64String(Key), "whsec_" + Convert.ToBase64String(NewKey)],
            },
            "pagerduty" => new PagerDutyOptions { Url = receiver.Url + "/v2/enqueue", RoutingKey = new string('k', 32), Changes = true },
            "opsgenie" => new OpsgenieOptions { Url = receiver.Url + "/v2/alerts", ApiKey = "0123456789-key", Teams = ["ops"] },
            "slack" => new SlackOptions { Url = receiver.Url + SlackPath },
            "teams" => new TeamsOptions { Url = receiver.Url + SlackPath },
            "datadog" => new DatadogOptions { Url = receiver.Url + "/api/v1/events", ApiKey = new string('k', 32) },
            "alertmanager" => new AlertmanagerOptions { Url = receiver.Url, BearerToken = "very-secret-token" },
            _ => throw new ArgumentOutOfRangeException(nameof(sink)),
        };
        options.Type = sink;
        options.AllowLoopback = true;
        options.IncidentUrl = "https://culprit.example/incidents/{id}";
        options.RunbookUrl = "https://wiki.example/{path}";
        Assert.Empty(options.Mistakes("x"));
        return SinkType.All.Single(t => t.Name == sink).Create("sink", options, new SinkContext(new SystemNetwork(), _clock, new MemoryAlertThreadStore()));
    }

    private static JsonElement Json(Arrival arrival) => JsonDocument.Parse(arrival.Body).RootElement;
}
