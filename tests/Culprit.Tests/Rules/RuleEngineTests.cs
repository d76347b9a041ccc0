using System.Text.Json;
using CsCheck;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Tests.Filtering;
using Xunit;

namespace Culprit.Tests.Rules;

public sealed class RuleEngineTests
{
    private static readonly FilterRecord Error = new() { Level = Severity.Error, Message = "Database connection timeout", Service = "user-service" };

    [Fact]
    public void FiveErrorsWithinAMinuteFireOnce()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(5, 60, "environment"));

        var firings = Feed(engine, 0, 10, 20, 30, 40, 41, 50);

        var firing = Assert.Single(firings);
        Assert.Equal(5, firing.Count);
        Assert.Equal(FilterRecord.Noon, firing.WindowStartNanos);
        Assert.Equal(FilterRecord.Noon + (40 * UnixNanos.PerSecond), firing.WindowEndNanos);
        Assert.Equal("environment=production", firing.ScopeKey);
        Assert.Equal(["user-service"], firing.Services);
        Assert.Equal([0, 1, 2, 3, 4], firing.Evidence.Select(e => (int)e.Sequence));
    }

    [Fact]
    public void ErrorsFurtherApartThanTheWindowNeverFire() =>
        Assert.Empty(Feed(SomeRule.Engine(SomeRule.Threshold(3, 10)), 0, 5.1, 10.2, 15.3, 20.4));

    [Fact]
    public void BothEndsOfTheWindowBelongToIt() => Assert.Single(Feed(SomeRule.Engine(SomeRule.Threshold(3, 10)), 0, 5, 10));

    [Fact]
    public void ALateRecordCompletesItsOwnWindow()
    {
        var firing = Assert.Single(Feed(SomeRule.Engine(SomeRule.Threshold(3, 10)), 0, 8, 60, 4));

        Assert.Equal(FilterRecord.Noon, firing.WindowStartNanos);
        Assert.Equal(FilterRecord.Noon + (8 * UnixNanos.PerSecond), firing.WindowEndNanos);
    }

    [Fact]
    public void AfterAQuietWindowARuleFiresAgainUnderAnotherId()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(2, 10));

        var firings = Feed(engine, 0, 1, 5, 9, 15, 30, 45, 46, 47);

        Assert.Equal(2, firings.Count);
        Assert.NotEqual(firings[0].Id, firings[1].Id);
        var counts = Assert.Single(engine.Counts).Counts;
        Assert.Equal((9, 0, 3, 2, 4), (counts.Matched, counts.Repeated, counts.Counted, counts.Fired, counts.Absorbed));
    }

    [Fact]
    public void ScopesAreCountedApart()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(2, 10, "service", "context.tenant"));
        FilterRecord Of(string service, string tenant) => Error with { Service = service, Attributes = $$"""{"tenant":"{{tenant}}"}""" };

        var firings = new[] { Of("a", "x"), Of("b", "x"), Of("a", "y"), Of("a", "x") }.SelectMany(engine.Observe).ToList();

        var firing = Assert.Single(firings);
        Assert.Equal("service=a, context.tenant=x", firing.ScopeKey);
        Assert.Equal("x", firing.Fields["context.tenant"]);
    }

    [Fact]
    public void ManyScopesForgetTheOldestAndSayHowMany()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(1000, 10, "service"));

        for (var i = 0; i < 550; i++)
        {
            engine.Observe(Error with { Service = $"s{i}" });
        }

        Assert.Equal(50, Assert.Single(engine.Counts).Counts.ForgottenKeys);
    }

    [Fact]
    public void RepetitionsAreLeftOutOfTheCount()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(2, 60) with { Dedupe = new RuleDedupe(TimeSpan.FromSeconds(5)) });

        Assert.Empty(Feed(engine, 0, 1, 2, 4.9));
        Assert.Single(Feed(engine, 5));
    }

    [Fact]
    public void OnlyRecordsOfTheTypesThatTheFilterWantsAreCounted()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(1, 60) with { Where = Filters.Parse("service = \"user-service\"").Filter });

        Assert.Empty(engine.Observe(Error with { Service = "other" }));
        Assert.Empty(engine.Observe(Error with { Level = Severity.Warn }));
        Assert.Single(engine.Observe(Error));
    }

    [Fact]
    public void ARuleThatRaisesDescribesAnAnomaly()
    {
        var engine = SomeRule.Engine(SomeRule.Threshold(2, 60, "environment") with
        {
            Raise = new RaiseAction(AnomalyType.LatencySpike, IncidentSeverity.High, MessageTemplate.Parse("{service}: {count} in {window}, {{{context.n}}}")),
        });

        var firing = Assert.Single(Feed(engine, 0, 1));

        var anomaly = firing.ToAnomaly()!;
        Assert.Equal("user-service: 2 in 1m, {-}", anomaly.Observed);
        Assert.Equal("fewer than 2 in 1m (rule too-many)", anomaly.Expected);
        Assert.Equal("rule:too-many", anomaly.Detector);
        Assert.Equal(AnomalyType.LatencySpike, anomaly.Type);
        Assert.Equal(2, anomaly.ErrorCount);
    }

    [Fact]
    public void AnEmittedEventKeepsLineageAndKindsAndReachesOtherRules()
    {
        var emitting = new Rule
        {
            Name = "lost",
            On = ["order.refused"],
            Emit = new EmitAction("order.lost",
            [
                new("amount", MessageTemplate.Parse("{context.amount}")), new("text", MessageTemplate.Parse("by {service}")),
                new("none", MessageTemplate.Parse("{context.none}")), new("count", MessageTemplate.Parse("{count}")),
            ]),
        };
        var following = new Rule { Name = "big", On = ["order.lost"], Where = Filters.Parse("context.amount > 1000").Filter, Call = "sales" };
        var engine = SomeRule.Engine(emitting, following);
        var order = new FilterRecord
        {
            Kind = EventKind.Custom,
            Type = "order.refused",
            Service = "shop",
            Id = "o1",
            CorrelationId = "k1",
            Attributes = """{"amount":1250}""",
        };

        var firings = engine.Observe(order);

        Assert.Equal(["lost", "big"], firings.Select(f => f.Rule.Name));
        Assert.Equal("o1", firings[0].CausationId);
        var emitted = firings[0].Emitted!;
        Assert.Equal((firings[0].Id, "k1"), (emitted.CausationId, emitted.CorrelationId));
        Assert.Equal((emitted.Id, "k1"), (firings[1].CausationId, firings[1].CorrelationId));
        using var json = JsonDocument.Parse(emitted.Json);
        Assert.Equal(1250, json.RootElement.GetProperty("amount").GetDouble());
        Assert.Equal(1, json.RootElement.GetProperty("count").GetInt32());
        Assert.Equal("by shop", json.RootElement.GetProperty("text").GetString());
        Assert.Equal("shop", json.RootElement.GetProperty("service").GetString());
        Assert.Equal(firings[0].Id, json.RootElement.GetProperty("meta").GetProperty("causation_id").GetString());
        Assert.False(json.RootElement.TryGetProperty("none", out _));
        using var fired = JsonDocument.Parse(firings[0].ToEvent().Json);
        Assert.Equal(RuleFiring.EventType, fired.RootElement.GetProperty("type").GetString());
        Assert.Equal("o1", fired.RootElement.GetProperty("meta").GetProperty("causation_id").GetString());
    }

    [Fact]
    public void RulesThatCallEachOtherForEverAreStopped()
    {
        var loop = new Rule { Name = "loop", Emit = new EmitAction("x", []) };
        var engine = SomeRule.Engine(loop);

        var firings = engine.Observe(Error);

        Assert.Equal(RuleEngine.MaxSteps + 1, firings.Count);
        Assert.Equal(1, engine.DroppedSteps);
    }

    [Fact]
    public void FiringFollowsExactlyFromTheTimes() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 20], Gen.Int[0, 100].Array[0, 40]).Sample(
        (count, window, seconds) =>
        {
            var engine = SomeRule.Engine(SomeRule.Threshold(count, window));

            var first = Feed(engine, [.. seconds.Select(s => (double)s)]).FirstOrDefault();

            // By definition: the first record that completes any run of so many times within the window.
            for (var n = 1; n <= seconds.Length; n++)
            {
                var known = seconds.Take(n).Order().ToList();
                if (Enumerable.Range(0, Math.Max(0, n - count + 1)).Any(i => known[i + count - 1] - known[i] <= window))
                {
                    Assert.Equal(n - 1, (int)Convert.ToInt64(first!.CausationId[16..], 16));
                    return;
                }
            }

            Assert.Null(first);
        },
        iter: 2000);

    [Fact]
    public void ASnapshotAnywhereChangesNothing() => Gen.Select(Gen.Int[0, 60].Array[0, 30], Gen.Int[0, 30]).Sample(
        (seconds, cut) =>
        {
            Rule[] rules =
            [
                SomeRule.Threshold(3, 10, "service") with { Dedupe = new RuleDedupe(TimeSpan.FromSeconds(2)) },
                new Rule { Name = "sometimes", Where = Filters.Rate(2, TimeSpan.FromSeconds(7), "service"), Call = "x" },
            ];
            var records = seconds.Select((s, i) => Error with { Second = s, Sequence = i, Service = "s" + (s % 2) }).ToList();
            var whole = SomeRule.Engine(rules);
            var expected = records.SelectMany(whole.Observe).Select(f => f.Id).ToList();

            var before = SomeRule.Engine(rules);
            var ids = records.Take(cut).SelectMany(before.Observe).Select(f => f.Id).ToList();
            var after = SomeRule.Engine(rules);
            after.Restore(JsonSerializer.Deserialize<RuleEngineState>(JsonSerializer.Serialize(before.ToState()))!);
            ids.AddRange(records.Skip(cut).SelectMany(after.Observe).Select(f => f.Id));

            Assert.Equal(expected, ids);
        },
        iter: 500);

    [Fact]
    public void FiringsOfRecordsInOrderHaveIdsOfTheirOwn() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 20], Gen.Double[0, 300].Array[0, 40]).Sample(
        (count, window, seconds) =>
        {
            var firings = Feed(SomeRule.Engine(SomeRule.Threshold(count, window)), [.. seconds.Order()]);

            Assert.Equal(firings.Count, firings.DistinctBy(f => f.Id).Count());
            Assert.All(firings, f => Assert.Equal(count, f.Count));
        },
        iter: 1000);

    private static List<RuleFiring> Feed(RuleEngine engine, params double[] seconds) =>
        [.. seconds.SelectMany((s, i) => engine.Observe(Error with { Second = s, Sequence = i }))];
}
