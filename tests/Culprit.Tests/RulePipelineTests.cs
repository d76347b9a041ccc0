using System.Text;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Tests.Support;

namespace Culprit.Tests;

/// <summary>Rules inside the pipeline: what fires becomes events, anomalies and calls.</summary>
public sealed class RulePipelineTests
{
    private static readonly RuleOptions Slow = new()
    {
        Name = "slow",
        Where = "keyword(\"slow\")",
        Threshold = new RuleThresholdOptions { Count = 3, Window = "10s", Scope = ["service"] },
        Raise = new RaiseOptions { Type = "latency_spike", Severity = "critical", Message = "{count} slow answers of {service}" },
        Call = "page",
    };

    private static readonly RuleOptions Lost = new()
    {
        Name = "lost",
        On = ["order.refused"],
        Emit = new EmitOptions { Type = "order.lost", Fields = { ["amount"] = "{context.amount}" } },
    };

    private static readonly RuleOptions OnIncident = new() { Name = "on-incident", On = ["incident.opened"], Call = "page" };

    [Fact]
    public void AFiringBecomesAnEventAnAnomalyAndAnIncidentOfAtLeastItsSeverity()
    {
        var pipeline = New(Slow);

        var events = Process(pipeline, 1, SlowAnswers(3));

        Assert.Equal(["rule.fired", "log.anomaly", "incident.opened", "log.root_cause", "alert.firing"], events.Select(e => e.Type));
        Assert.Equal(events[0].Id, events[1].CausationId);
        Assert.Equal("latency_spike", Text(events[1], "anomaly_type"));
        Assert.Equal("3 slow answers of api-gateway", Text(events[1], "observed"));
        Assert.Equal("critical", Text(events[2], "severity"));
        Assert.Equal(events[0].Id, Assert.Single(pipeline.Firings).Id);
    }

    [Fact]
    public void TheSeverityOfARuleStandsWhenCausesAreLookedAtAgain()
    {
        var pipeline = New(Slow);
        Process(pipeline, 1, SlowAnswers(3));

        var later = Enumerable.Range(1, 90).SelectMany(i => pipeline.Tick(Some.At(10 + i)).ToList()).ToList();

        Assert.DoesNotContain(later, e => e.Type == "incident.updated");
    }

    [Fact]
    public void AnEmittedEventFollowsFromItsFiring()
    {
        var events = Process(New(Lost), 1, Order(1, 250));

        Assert.Equal(["rule.fired", "order.lost"], events.Select(e => e.Type));
        Assert.Equal(events[0].Id, events[1].CausationId);
        using var lost = JsonDocument.Parse(events[1].Json);
        Assert.Equal(250, lost.RootElement.GetProperty("amount").GetInt32());
    }

    [Fact]
    public void ARuleThatNamesATypeOfTheEngineSeesItsEvents()
    {
        var pipeline = New(OnIncident);
        Entry[] errors = [.. Enumerable.Range(0, 5).Select(i => Some.Error(i))];

        var events = Process(pipeline, 1, errors);

        var opened = Assert.Single(events, e => e.Type == "incident.opened");
        var fired = Assert.Single(events, e => e.Type == "rule.fired");
        Assert.Equal(opened.Id, fired.CausationId);
        Assert.Equal(opened.CorrelationId, fired.CorrelationId);
        Assert.Equal("on-incident", Assert.Single(pipeline.Firings).Rule.Name);
    }

    [Fact]
    public void ARuleWithoutTypesSeesNoEventOfTheEngine()
    {
        var any = new RuleOptions { Name = "any", Call = "page" };

        var events = Process(New(any), 1, [.. Enumerable.Range(0, 5).Select(i => Some.Error(i))]);

        Assert.Equal(5, events.Count(e => e.Type == "rule.fired"));
        Assert.Contains(events, e => e.Type == "incident.opened");
    }

    [Fact]
    public void ARecordThatIsTooLateReachesNoRule()
    {
        var pipeline = New(Lost);
        pipeline.Tick(Some.At(1000));

        Assert.Empty(Process(pipeline, 1, Order(1, 250)));
    }

    [Fact]
    public void WhereABatchEndsChangesNothing()
    {
        Entry[] entries = [.. SlowAnswers(6), .. Order(9, 100)];
        var single = New(Slow, Lost, OnIncident);

        var whole = Process(New(Slow, Lost, OnIncident), 1, entries);
        var apart = entries.SelectMany((e, i) => Process(single, i + 1, e)).ToList();

        Assert.Equal(whole.Select(Json), apart.Select(Json));
        Assert.Contains(whole, e => e.Type == "order.lost");
    }

    [Fact]
    public void ASnapshotKeepsWhatARuleHasCounted()
    {
        var without = New(Slow);
        var expected = Process(without, 1, SlowAnswers(2)).Concat(without.Tick(Some.At(2)).ToList()).Concat(Process(without, 3, Answer(3))).ToList();
        var before = New(Slow);
        Process(before, 1, SlowAnswers(2));
        before.Tick(Some.At(2));
        var after = New(Slow);

        Assert.True(after.TryRestore(Pipeline.SnapshotVersion, before.ToSnapshot()));
        var actual = Process(after, 3, Answer(3));

        Assert.Equal(expected.Select(Json), actual.Select(Json));
        Assert.Contains(actual, e => e.Type == "rule.fired");
    }

    [Fact]
    public void ARuleWhoseAnomalyLeadsBackToItIsRefused()
    {
        var mistakes = new Mistakes();

        RuleReader.Read([new RuleOptions { Name = "echo", On = ["log.anomaly"], Raise = new RaiseOptions() }], [], mistakes);

        Assert.Contains("rules:echo:on", Assert.Single(mistakes.All), StringComparison.Ordinal);
    }

    [Fact]
    public void AnEventThatOnlyTheEngineMakesCannotBeEmitted()
    {
        var mistakes = new Mistakes();
        var emit = new EmitOptions { Type = "incident.opened" };

        RuleReader.Read([new RuleOptions { Name = "forger", On = ["x"], Emit = emit }], [], mistakes);

        Assert.Contains("a type that is not built in", Assert.Single(mistakes.All), StringComparison.Ordinal);
    }

    private static Entry[] SlowAnswers(int count) => [.. Enumerable.Range(0, count).SelectMany(i => Answer(i * 0.5))];

    private static Entry[] Answer(double second) => [Some.Log(second, message: $"slow answer {second}")];

    private static Entry[] Order(double second, int amount) =>
    [
        Some.Log(second, "shop", "") with
        {
            Kind = EventKind.Custom,
            Type = "order.refused",
            Attributes = $$"""{"type":"order.refused","amount":{{amount}}}""",
        },
    ];

    private static Pipeline New(params RuleOptions[] rules)
    {
        var mistakes = new Mistakes();
        var read = RuleReader.Read(rules, ["page"], mistakes);
        Assert.Empty(mistakes.All);
        return new Pipeline(new PipelineOptions { Rules = read }, 42, new RootCauseRanker(RunbookLibrary.Empty));
    }

    private static List<DerivedEvent> Process(Pipeline pipeline, long sequence, params Entry[] entries) =>
        [.. pipeline.Process(Some.Batch(sequence, entries), new BatchAnnotations(entries.Length))];

    private static string Json(DerivedEvent derived) => Encoding.UTF8.GetString(derived.Json.Span);

    private static string? Text(DerivedEvent derived, string name)
    {
        using var json = JsonDocument.Parse(derived.Json);
        return json.RootElement.GetProperty(name).GetString();
    }
}
