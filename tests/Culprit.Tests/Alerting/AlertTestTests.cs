using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Trying;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AlertTestTests
{
    private static readonly AlertRoute Route = new() { Name = "Night", Sinks = ["chat", "hook"], Escalations = [new Escalation(TimeSpan.FromHours(1), ["pager"])] };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task EverySinkOfTheRouteAnswersAndWhatWasTakenIsEndedAgain()
    {
        var chat = new ScriptedSink("chat", _clock, _ => ScriptedSink.Delivered);
        var hook = new ScriptedSink("hook", _clock, _ => new DeliveryResult(DeliveryOutcome.Rejected, "HTTP 404"));
        var isBroken = true;
        var pager = new ScriptedSink("pager", _clock, _ => isBroken ? throw new InvalidOperationException("broken") : ScriptedSink.Delivered);
        var test = new AlertTest(new AlertRules(new AlertRouter([Route], [])), [chat, hook, pager], _clock);

        var answers = await test.RunAsync(test.Find("night")!, "ann", TestContext.Current.CancellationToken);

        Assert.Equal(
            [("chat", DeliveryOutcome.Delivered, null), ("hook", DeliveryOutcome.Rejected, "HTTP 404"), ("pager", DeliveryOutcome.Retryable, "the sink failed: InvalidOperationException")],
            answers.Select(a => (a.Sink, a.Result.Outcome, a.Result.Detail)));
        var sent = chat.Attempts.Select(a => JsonDocument.Parse(a.Alert.Json).RootElement).ToList();
        Assert.Equal(["alert.firing", "alert.resolved"], sent.Select(s => s.GetProperty("type").GetString()));
        Assert.Single(chat.Attempts.Select(a => a.Alert.IncidentId).Distinct());
        Assert.All(sent, s => Assert.Equal("TEST of route Night by ann; nothing is wrong", s.GetProperty("observed").GetString()));
        Assert.Single(hook.Attempts);
        Assert.True(AlertParser.TryParse(chat.Attempts.First().Alert.Json, out _, out _));
        Assert.Null(test.Find("day"));
    }

    [Fact]
    public async Task ASinkThatNeverAnswersIsNotWaitedForForEver()
    {
        var hangs = new ScriptedSink("chat", _clock, async _ =>
        {
            await new TaskCompletionSource().Task;
            return ScriptedSink.Delivered;
        });
        var test = new AlertTest(new AlertRules(new AlertRouter([], [])), [hangs], _clock);

        var running = test.RunAsync(new AlertRoute { Name = "a", Sinks = ["chat"] }, "ann", TestContext.Current.CancellationToken);
        _clock.Advance(SinkAttempt.Longest);

        Assert.Equal("no result within 60 s", Assert.Single(await running).Result.Detail);
    }
}
