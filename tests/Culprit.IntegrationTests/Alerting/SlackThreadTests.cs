using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Slack;
using Culprit.Server.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>A bot's messages in a workspace of ours: one for each incident, and what follows in its thread.</summary>
public sealed class SlackThreadTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 4, 10, 21, 0, TimeSpan.Zero));
    private readonly SlackWorkspace _workspace = new();
    private readonly MemoryAlertThreadStore _threads = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnIncidentIsOneMessageThatShowsHowItStandsAndAThread()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        using var sink = Create(receiver);

        foreach (var type in new[] { "alert.firing", "alert.updated", "alert.acknowledged", "alert.resolved" })
        {
            Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), await sink.DeliverAsync(Item(type), Token));
        }

        var first = _workspace.Postings[0];
        Assert.Equal([null, first.Ts, first.Ts, first.Ts], _workspace.Postings.Select(p => p.Thread));
        Assert.StartsWith("🟢 Resolved: HIGH", first.Header, StringComparison.Ordinal);
        Assert.Contains("pool exhausted", first.Blocks, StringComparison.Ordinal);
        Assert.Contains("resolved 2026-05-04T10:31:00Z", first.Blocks, StringComparison.Ordinal);
        Assert.Equal(
            ["🔴 Update: HIGH error_spike", "👀 Acknowledged: HIGH error_spike", "🟢 Resolved: HIGH error_spike"],
            _workspace.Postings.Skip(1).Select(p => p.Header[..p.Header.IndexOf(" in ", StringComparison.Ordinal)]));
        Assert.All(_workspace.Postings, p => Assert.False(p.IsBroadcast));
    }

    [Fact]
    public async Task ARestartGoesOnInTheSameThread()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        using (var before = Create(receiver))
        {
            await before.DeliverAsync(Item("alert.firing"), Token);
        }

        using var after = Create(receiver);
        await after.DeliverAsync(Item("alert.resolved"), Token);

        Assert.Equal([null, _workspace.Postings[0].Ts], _workspace.Postings.Select(p => p.Thread));
    }

    [Fact]
    public async Task AnIncidentThatComesBackIsShownInTheChannelToo()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        using var sink = Create(receiver);
        await sink.DeliverAsync(Item("alert.firing"), Token);
        await sink.DeliverAsync(Item("alert.resolved"), Token);

        await sink.DeliverAsync(Item("alert.firing", "again"), Token);

        Assert.True(_workspace.Postings[2].IsBroadcast);
        Assert.StartsWith("🔴 HIGH", _workspace.Postings[0].Header, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhenTheFirstMessageWasDeletedTheNextBeginsAThread()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        using var sink = Create(receiver);
        await sink.DeliverAsync(Item("alert.firing"), Token);
        _workspace.Postings.Clear();

        await sink.DeliverAsync(Item("alert.updated"), Token);
        await sink.DeliverAsync(Item("alert.resolved"), Token);

        Assert.Equal([null, _workspace.Postings[0].Ts], _workspace.Postings.Select(p => p.Thread));
    }

    [Theory]
    [InlineData("ratelimited", true)]
    [InlineData("internal_error", true)]
    [InlineData("service_unavailable", true)]
    [InlineData("channel_not_found", false)]
    [InlineData("not_in_channel", false)]
    [InlineData("invalid_auth", false)]
    [InlineData("token_revoked", false)]
    [InlineData("missing_scope", false)]
    [InlineData("msg_too_long", false)]
    public async Task ARefusalWithStatus200IsARefusal(string error, bool isRetryable)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200, JsonSerializer.Serialize(new { ok = false, error })), Token);
        using var sink = Create(receiver);

        var result = await sink.DeliverAsync(Item("alert.firing"), Token);

        Assert.Equal(isRetryable ? DeliveryOutcome.Retryable : DeliveryOutcome.Rejected, result.Outcome);
        Assert.Equal("Slack: " + error, result.Detail);
    }

    [Theory]
    [InlineData("<html>captive portal</html>")]
    [InlineData("ok")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task WhatIsNoAnswerOfSlackIsNoDelivery(string body)
    {
        await using var receiver = await Receiver.StartAsync(_ => new Reply(200, body), Token);
        using var sink = Create(receiver);

        Assert.Equal(DeliveryOutcome.Retryable, (await sink.DeliverAsync(Item("alert.firing"), Token)).Outcome);
    }

    [Fact]
    public async Task TheRateLimitIsKeptAndTheReplyIsPostedOnce()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        using var sink = Create(receiver);
        await sink.DeliverAsync(Item("alert.firing"), Token);
        receiver.Next.Enqueue(new Reply(429, """{"ok":false,"error":"ratelimited"}""", RetryAfter: "30"));

        var limited = await sink.DeliverAsync(Item("alert.updated"), Token);
        var again = await sink.DeliverAsync(Item("alert.updated"), Token);

        Assert.Equal((DeliveryOutcome.Retryable, TimeSpan.FromSeconds(30)), (limited.Outcome, limited.RetryAfter));
        Assert.Equal(DeliveryOutcome.Delivered, again.Outcome);
        Assert.Equal(2, _workspace.Postings.Count);
    }

    [Fact]
    public async Task WhileTheStoreIsAwayAlertsGoOutAndTheirThreadIsWrittenDownLater()
    {
        await using var receiver = await Receiver.StartAsync(_workspace.Answer, Token);
        var away = new AwayThreadStore(_threads) { IsAway = true };
        using var sink = Create(receiver, away);

        await sink.DeliverAsync(Item("alert.firing"), Token);
        await sink.DeliverAsync(Item("alert.updated"), Token);
        Assert.Null(await _threads.FindAsync("chat", SomeEvent.IncidentId, Token));
        away.IsAway = false;
        await sink.DeliverAsync(Item("alert.resolved"), Token);

        var first = _workspace.Postings[0].Ts;
        Assert.Equal([null, first, first], _workspace.Postings.Select(p => p.Thread));
        Assert.Equal(first, (await _threads.FindAsync("chat", SomeEvent.IncidentId, Token))?.Message);
    }

    private static OutboxItem Item(string type, string? id = null)
    {
        var item = SomeEvent.Item(type, text: "pool exhausted");
        if (type == "alert.resolved")
        {
            var json = System.Text.Json.Nodes.JsonNode.Parse(item.Json.Span)!;
            json["resolved_at"] = "2026-05-04T10:31:00Z";
            json["root_cause"] = null;
            item = item with { Json = System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()) };
        }

        return item with { Id = id ?? type };
    }

    private SlackBotSink Create(Receiver receiver, IAlertThreadStore? threads = null)
    {
        var options = new SlackOptions
        {
            Type = "slack",
            Url = receiver.Url + "/api",
            Token = SlackWorkspace.Token,
            Channel = SlackWorkspace.Channel,
            AllowLoopback = true,
        };
        Assert.Empty(options.Mistakes("x"));
        return (SlackBotSink)SinkType.All.Single(t => t.Name == "slack").Create("chat", options, new SinkContext(new SystemNetwork(), _clock, threads ?? _threads));
    }

    /// <summary>A store that may not answer.</summary>
    private sealed class AwayThreadStore(IAlertThreadStore inner) : IAlertThreadStore
    {
        public bool IsAway { get; set; }

        public Task<AlertThread?> FindAsync(string sink, string incidentId, CancellationToken cancellationToken) =>
            IsAway ? throw new StoreUnavailableException("away") : inner.FindAsync(sink, incidentId, cancellationToken);

        public Task SaveAsync(AlertThread thread, CancellationToken cancellationToken) =>
            IsAway ? throw new StoreUnavailableException("away") : inner.SaveAsync(thread, cancellationToken);
    }
}
