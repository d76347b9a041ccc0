using System.Text;
using Culprit.Engine;
using Culprit.Engine.Alerting;
using Culprit.Engine.Extending;
using Culprit.Engine.Rules;
using Culprit.Tests.Support;
using HostedCulprit;

namespace Culprit.Tests.Extending;

public sealed class CulpritEngineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheHostingSampleTellsOfEachThingInOrder()
    {
        using var writer = new StringWriter();

        await Story.TellAsync(writer, Some.Noon, Token);

        var lines = writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [
                "log.anomaly", "incident.opened", "log.root_cause", "alert.firing",
                "rule.fired", "log.anomaly", "incident.opened", "log.root_cause", "alert.firing",
                "refused:", "shop.held",
            ],
            lines.Select(l => l.Split(' ')[0]));
        Assert.Equal("refused: invalid_event: 'amount' is string; order.refused wants number", lines[9]);
        Assert.EndsWith("<- " + lines[4].Split(' ')[1], lines[10], StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailedHandlersAreCalledAgainWhenTheyAreDue()
    {
        var plugin = new Failing();
        var engine = new CulpritEngine(new CulpritEngineOptions { ThresholdCount = 1 }, plugin);
        engine.Feed("""{"level":"error","message":"down","service":"api"}"""u8, Some.Noon);

        var first = await engine.CallHandlersAsync(Some.Noon, Token);
        var tooEarly = await engine.CallHandlersAsync(Some.Noon, Token);
        var second = await engine.CallHandlersAsync(Some.Noon.AddSeconds(5), Token);

        Assert.Equal(2, first.Failures.Count);
        Assert.Empty(tooEarly.Failures);
        Assert.Empty(second.Failures);
        Assert.Equal("called", Assert.Single(second.Events).Type);
        Assert.Equal(["handle", "deliver", "handle", "deliver"], plugin.Calls);
    }

    [Fact]
    public void ABrokenBodyIsAValueAndNothingOfItIsTaken()
    {
        var engine = new CulpritEngine(new CulpritEngineOptions());

        var result = engine.Feed("""[{"message":"a"},"""u8, Some.Noon);

        Assert.Equal(0, result.Accepted);
        Assert.Equal("bad_json", Assert.Single(result.Rejected).Code);
    }

    [Fact]
    public void WhatAPluginGotWrongIsNamed()
    {
        var error = Assert.Throws<ArgumentException>(() => new CulpritEngine(new CulpritEngineOptions { ThresholdCount = 0 }, new Wrong()));

        Assert.Contains("ThresholdCount: '0'", error.Message, StringComparison.Ordinal);
        Assert.Contains("rules:0:call: 'nobody'", error.Message, StringComparison.Ordinal);
    }

    private sealed class Wrong : ICulpritPlugin
    {
        public void Configure(IPluginRegistry registry) => registry.AddRule(new RuleOptions { Name = "r", Call = "nobody" });
    }

    /// <summary>Fails at the first call of each kind.</summary>
    private sealed class Failing : ICulpritPlugin, ITriggerHandler, IAlertHandler
    {
        public List<string> Calls { get; } = [];

        public string Name => "failing";

        public void Configure(IPluginRegistry registry)
        {
            registry.AddRule(new RuleOptions { Name = "errors", On = ["log.error"], Call = Name });
            registry.AddTriggerHandler(this);
            registry.AddAlertHandler(this);
        }

        public Task<TriggerResult> HandleAsync(ITriggerCall call, CancellationToken cancellationToken)
        {
            Calls.Add("handle");
            call.Publish("called", json => json.WriteNumber("attempt", call.Attempt));
            return Task.FromResult(call.Attempt == 1 ? TriggerResult.Nack("not yet") : TriggerResult.Ack);
        }

        public Task<DeliveryResult> DeliverAsync(EngineEvent alert, CancellationToken cancellationToken)
        {
            Calls.Add("deliver");
            Assert.Contains(alert.Id, Encoding.UTF8.GetString(alert.Json.Span), StringComparison.Ordinal);
            return Calls.Count(c => c == "deliver") == 1
                ? throw new IOException("away")
                : Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
        }
    }
}
