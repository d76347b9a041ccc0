using System.Text;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Detection;
using Culprit.Engine.Detection.ErrorThreshold;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Server.Reporting;
using Culprit.Tests.Support;

namespace Culprit.Tests;

public class PipelineTests
{
    private static readonly Entry[] SeedFlow =
    [
        Some.Error(0.1, "api-gateway", "Upstream timeout"),
        Some.Error(0.2, "user-service", "DB connection refused"),
        Some.Error(0.3, "auth-service", "Redis unavailable"),
        Some.Error(0.4, "user-service", "Query failed"),
        Some.Error(0.5, "payment-service", "Transaction timeout"),
    ];

    [Fact]
    public void TheSeedsFiveErrorsBecomeAnomalyIncidentRootCauseAndAlert()
    {
        var pipeline = New();

        var events = Run(pipeline, SeedFlow, batchSize: 5, ticks: []);

        Assert.Equal(["log.anomaly", "incident.opened", "log.root_cause", "alert.firing"], events.Select(e => e.Type));
        Assert.Equal(events[1].CorrelationId, events[0].CorrelationId);
        Assert.Equal(events[0].Id, events[2].CausationId);
        Assert.Equal(events[2].Id, events[3].CausationId);
        using var anomaly = JsonDocument.Parse(events[0].Json);
        Assert.Equal(5, anomaly.RootElement.GetProperty("error_count").GetInt64());
        Assert.Equal(5, anomaly.RootElement.GetProperty("error_ids").GetArrayLength());
        using var alert = JsonDocument.Parse(events[3].Json);
        Assert.Equal(events[2].Service, alert.RootElement.GetProperty("suspect").GetString());
        Assert.Equal(
            SeedFlow.Select(e => $"error {e.Service}: {e.Message}"),
            alert.RootElement.GetProperty("lines").EnumerateArray().Select(l => $"{l.GetProperty("level")} {l.GetProperty("service")}: {l.GetProperty("text")}"));
    }

    /// <summary>Nobody here operates it: it is blamed, and the hypothesis names who misses it.</summary>
    [Fact]
    public void WhatACloudRunsIsTheSuspect()
    {
        var events = Run(New(), [.. Enumerable.Range(0, 5).Select(i => Some.Error(1 + (i * 0.1), "uploads", "s3 GetObject failed: ServiceUnavailable (503)"))], batchSize: 5, ticks: []);

        var cause = events.Single(e => e.Type == "log.root_cause");
        using var json = JsonDocument.Parse(cause.Json);
        var hypothesis = json.RootElement.GetProperty("hypotheses")[0];
        Assert.Equal(("uploads", "s3"), (hypothesis.GetProperty("service").GetString(), hypothesis.GetProperty("resource").GetString()));
        Assert.Equal("uploads (s3)", CauseName.Of(hypothesis));
        using var alert = JsonDocument.Parse(events.Single(e => e.Type == "alert.firing").Json);
        Assert.Equal(["s3", "s3", "s3"], [cause.Service, CauseName.Blamed(hypothesis), alert.RootElement.GetProperty("suspect").GetString()]);
    }

    [Fact]
    public void AnIncidentThatGetsWorseIsToldAgainWithItsSeverity()
    {
        Entry[] entries =
        [
            .. Enumerable.Range(0, 5).Select(i => Some.Error(1 + (i * 0.1), "user-service", "DB connection refused")),
            .. Enumerable.Range(0, 8).Select(i => Some.Error(5 + (i * 0.1), $"service-{i % 4}", "user-service refused the call")),
        ];

        var alerts = Run(New(), entries, batchSize: 1, ticks: Enumerable.Range(1, 60).Select(i => (double)i))
            .Where(e => e.Type is "alert.firing" or "alert.updated")
            .Select(e => JsonDocument.Parse(e.Json).RootElement.GetProperty("severity").GetString()).ToList();

        Assert.Equal("medium", alerts[0]);
        Assert.Contains("critical", alerts);
    }

    /// <summary>Whether there was a deploy, and for how many seconds requests take five times as long after it.</summary>
    [Theory]
    [InlineData(true, 45, false)]      // cold caches
    [InlineData(false, 45, true)]
    [InlineData(true, 240, true)]      // it does not get warm
    public void AfterADeployRequestsMayBeSlowForAWhile(bool isDeployed, int slowSeconds, bool isFound)
    {
        var traffic = new SomeTraffic(5);
        var pipeline = New(new PipelineOptions());
        var found = new List<string>();
        for (var s = 0; s < 1000; s++)
        {
            List<Entry> entries = [.. Enumerable.Range(0, 5).Select(i =>
                Some.Log(s + (i * 0.1), "shop", FormattableString.Invariant($"order served in {traffic.Nanos(s >= 600 && s < 600 + slowSeconds ? 200 : 40) / 1e6:0} ms")))];
            if (isDeployed && s == 600)
            {
                entries.Add(Some.Log(s, "shop", "roll out 7") with { Kind = EventKind.Change, Attributes = """{"kind":"deploy","change_id":"c7"}""" });
            }

            pipeline.Process(Some.Batch((s * 10) + 1, [.. entries]), new BatchAnnotations(entries.Count));
            found.AddRange(pipeline.Tick(Some.At(s + 1)).Select(e => e.Type));
        }

        Assert.Equal(isFound, found.Contains("incident.opened"));
    }

    /// <summary>The caller only sees that connections are refused; the cause says why, and that is told to whoever was alerted.</summary>
    [Fact]
    public void ALeakThatEndsInAKillIsTypedByItsCauseAlsoAfterARestart()
    {
        Entry[] entries =
        [
            .. Enumerable.Range(0, 600).SelectMany(i => (Entry[])[Some.Log(i, "web", "order shown"), Some.Log(i + 0.1, "orders", "order read")]),
            .. Enumerable.Range(0, 40).Select(i => Some.Error(600 + i, "web", "GET /orders failed: orders:8080: connection refused")),
            .. Enumerable.Range(0, 3).Select(i => Some.Log(630 + i, "orders", "previous container exited with code 137 (OOMKilled), restarting", Severity.Warn)),
        ];
        entries = [.. entries.OrderBy(e => e.TimestampNanos)];
        var ticks = Enumerable.Range(1, 800).Select(i => (double)i).ToList();

        var events = Run(New(), entries, batchSize: 1, ticks);
        var restored = Run(New(), entries, batchSize: 1, ticks, snapshotAt: 650);

        Assert.Equal(Texts(events), Texts(restored));
        List<string?> Types(params string[] of) => [.. events.Where(e => of.Contains(e.Type)).Select(e => JsonDocument.Parse(e.Json).RootElement.GetProperty("anomaly_type").GetString())];
        Assert.Equal("connection_failure", Types("incident.opened")[0]);
        Assert.Equal("memory_leak", Types("incident.updated", "incident.resolved")[^1]);
        Assert.Contains("memory_leak", Types("alert.updated"));
    }

    [Fact]
    public void ARestartThatOnlyTheLogsTellOfIsListedWithTheIncidentAndBlamed()
    {
        Entry[] entries =
        [
            .. Enumerable.Range(0, 90).Select(i => Some.Log(i * 10, "billing", "invoice written")),
            Some.Log(900, "billing", "Application is shutting down..."),
            Some.Log(905, "billing", "Now listening on: http://[::]:8080"),
            .. Enumerable.Range(0, 8).Select(i => Some.Error(930 + i, "billing", "invoice failed: currency table is empty")),
        ];

        var ticks = Enumerable.Range(1, 96).Select(i => i * 10.0);
        var causes = Run(New(), entries, batchSize: 1, ticks).Where(e => e.Type == "log.root_cause").ToList();
        var restored = Run(New(), entries, batchSize: 1, ticks, snapshotAt: 920).Where(e => e.Type == "log.root_cause").ToList();

        Assert.Equal(Texts(causes), Texts(restored));
        using var json = JsonDocument.Parse(causes[^1].Json);
        var seen = Assert.Single(json.RootElement.GetProperty("changes_seen").EnumerateArray());
        Assert.Equal(("restart", "billing", "logs"), (seen.GetProperty("kind").GetString(), seen.GetProperty("service").GetString(), seen.GetProperty("source").GetString()));
        Assert.Equal(seen.GetProperty("change_id").GetString(), json.RootElement.GetProperty("hypotheses")[0].GetProperty("change_id").GetString());
    }

    [Fact]
    public void TheSameErrorSentFiveTimesFiresToo()
    {
        var same = Enumerable.Range(0, 5).Select(i => Some.Error(i)).ToArray();

        var events = Run(New(), same, batchSize: 1, ticks: []);

        Assert.Contains(events, e => e.Type == "log.anomaly");
    }

    [Fact]
    public void DigestsOfAllCallsAddUpToTheRecordsAndTheRestIsSkippedByReason()
    {
        var pipeline = New(new PipelineOptions { MaxEnvironments = 1, SourceFilter = "^$" });
        var records = 0L;
        var skipped = new SkippedRecords();
        void Count()
        {
            records += pipeline.Digests.Sum(d => d.Digest.Records);
            var more = pipeline.Skipped;
            skipped = new(skipped.Filtered + more.Filtered, skipped.Late + more.Late, skipped.NoRoom + more.NoRoom);
        }

        pipeline.Process(Some.Batch(1, SeedFlow), new BatchAnnotations(5));
        Count();
        pipeline.Tick(Some.At(600));
        Count();
        pipeline.Process(
            Some.Batch(6, Some.Log(600), Some.Log(1), Some.Log(600) with { Environment = "other" }, Some.Log(600) with { Source = "x" }),
            new BatchAnnotations(4));
        Count();
        pipeline.Tick(Some.At(601));
        Count();
        pipeline.Tick(Some.At(602));
        Count();

        Assert.Equal(6, records);
        Assert.Equal(new SkippedRecords(Filtered: 1, Late: 1, NoRoom: 1), skipped);
        Assert.Empty(pipeline.Digests);
    }

    [Fact]
    public void CountingDistinctErrorsLeavesRepetitionsOut()
    {
        var same = Enumerable.Range(0, 5).Select(i => Some.Error(i)).ToArray();
        var options = new PipelineOptions { ErrorThreshold = new ErrorThresholdOptions { Counting = ThresholdCount.Distinct } };

        var events = Run(New(options), same, batchSize: 1, ticks: []);

        Assert.Empty(events);
    }

    [Fact]
    public void ErrorsOfDifferentEnvironmentsDoNotAddUp()
    {
        var mixed = SeedFlow.Select((e, i) => e with { Environment = i % 2 == 0 ? "production" : "staging" }).ToArray();

        Assert.Empty(Run(New(), mixed, batchSize: 5, ticks: []));
    }

    [Fact]
    public void TheSourceFilterKeepsOthersOutOfDetection()
    {
        var options = new PipelineOptions { SourceFilter = ".*-prod.*" };
        var entries = SeedFlow.Select(e => e with { Source = "fluentd:user-service-dev" }).ToArray();

        Assert.Empty(Run(New(options), entries, batchSize: 5, ticks: []));
        Assert.NotEmpty(Run(New(options), [.. entries.Select(e => e with { Source = "fluentd:user-service-prod" })], batchSize: 5, ticks: []));
    }

    [Fact]
    public void FiftyRecordsAreSummarisedAtTheNextTick()
    {
        var entries = Enumerable.Range(0, 60).Select(i => Some.Log(i * 0.01, severity: i < 6 ? Severity.Warn : Severity.Info)).ToArray();

        var events = Run(New(), entries, batchSize: 7, ticks: [1, 2]);

        using var summary = JsonDocument.Parse(Assert.Single(events).Json);
        Assert.Equal(60, summary.RootElement.GetProperty("total_logs").GetInt64());
        Assert.Equal(6, summary.RootElement.GetProperty("by_level").GetProperty("warn").GetInt64());
        Assert.Equal(60, summary.RootElement.GetProperty("by_service").GetProperty("api-gateway").GetInt64());
    }

    [Fact]
    public void FewRecordsAreSummarisedAfterFiveMinutes()
    {
        var events = Run(New(), [Some.Log(0)], batchSize: 1, ticks: Enumerable.Range(1, 310).Select(i => (double)i));

        Assert.Single(events, e => e.Type == "log.summary");
    }

    [Fact]
    public void MetricsAndDeclaredDependenciesSpeakInTheRootCause()
    {
        var options = new PipelineOptions { Dependencies = new Dictionary<string, IReadOnlyList<string>> { ["user-service"] = ["postgres"] } };
        var metrics = Enumerable.Range(0, 70).Select(i => Metric(i, i < 62 ? 0.2 : 0.99));
        var errors = Enumerable.Range(0, 5).Select(i => Some.Error(65 + i, "user-service", "DB connection refused"));
        Entry[] entries = [.. metrics.Concat(errors).OrderBy(e => e.TimestampNanos)];

        var events = Run(New(options), entries, batchSize: 3, ticks: Enumerable.Range(1, 80).Select(i => (double)i));

        var cause = Encoding.UTF8.GetString(events.Last(e => e.Type == "log.root_cause").Json.Span);
        Assert.Contains("postgres", cause, StringComparison.Ordinal);
        Assert.Contains("memory_utilization", cause, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunbookIsQuotedAndItsStepRecommended()
    {
        var runbook = new Runbook
        {
            Path = "db.md",
            Title = "Database",
            AnomalyTypes = [Culprit.Engine.Detection.AnomalyType.ConnectionFailure],
            Services = [],
            Patterns = ["connection"],
            Steps = ["Check the pool of the database"],
            Body = "1. Check the pool of the database",
        };
        var pipeline = new Pipeline(new PipelineOptions(), 42, new RootCauseRanker(new RunbookLibrary([runbook])));
        var errors = Enumerable.Range(0, 5).Select(i => Some.Error(i, "user-service", "DB connection refused")).ToArray();

        var events = Run(pipeline, errors, batchSize: 5, ticks: []);

        using var cause = JsonDocument.Parse(events.First(e => e.Type == "log.root_cause").Json);
        Assert.Equal("db.md", cause.RootElement.GetProperty("runbook").GetProperty("path").GetString());
        Assert.Contains("Check the pool", cause.RootElement.GetProperty("recommended_action").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void RepetitionsAreMarkedWithTheirFirstOccurrence()
    {
        var annotations = new BatchAnnotations(3);

        New().Process(Some.Batch(7, Some.Log(0), Some.Log(1), Some.Log(2, message: "other")), annotations);

        Assert.Equal([-1, 7, -1], annotations.DuplicateOf);
        Assert.All(annotations.Patterns, p => Assert.False(p.IsNone));
    }

    [Fact]
    public void AnIncidentEndsAfterFiveQuietMinutes()
    {
        var events = Run(New(), SeedFlow, batchSize: 5, ticks: Enumerable.Range(1, 480).Select(i => (double)i));

        Assert.Equal("alert.resolved", events[^1].Type);
        Assert.Single(events, e => e.Type == "incident.resolved");
        Assert.InRange(UnixNanos.ToTime(events[^1].TimestampNanos), Some.Noon.AddSeconds(300), Some.Noon.AddSeconds(310));
    }

    [Fact]
    public void WhereABatchEndsChangesNothing()
    {
        var entries = Traffic();

        var whole = Run(New(), entries, batchSize: 1000, ticks: [10, 20, 30]);
        var single = Run(New(), entries, batchSize: 1, ticks: [10, 20, 30]);

        Assert.Equal(Texts(whole), Texts(single));
        Assert.Contains(whole, e => e.Type == "log.root_cause");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20)]
    public void ASnapshotInBetweenChangesNothing(double snapshotAt)
    {
        var entries = Traffic();
        var without = Run(New(), entries, batchSize: 10, ticks: [10, 20, 30]);

        var with = Run(New(), entries, batchSize: 10, ticks: [10, 20, 30], snapshotAt);

        Assert.Equal(Texts(without), Texts(with));
    }

    [Fact]
    public void ADamagedSnapshotIsRefused()
    {
        var bytes = New().ToSnapshot();

        Assert.All((int[])[0, 3, bytes.Length / 2, bytes.Length - 1], n => Assert.False(New().TryRestore(Pipeline.SnapshotVersion, bytes.AsSpan(0, n))));
        Assert.False(New().TryRestore(Pipeline.SnapshotVersion, [.. bytes, 0]));
        Assert.False(New().TryRestore(Pipeline.SnapshotVersion + 1, bytes));
    }

    [Fact]
    public void AChangeThatIsToldLateIsStillWeighed()
    {
        var pipeline = New();
        pipeline.Tick(Some.At(1000));
        var change = Some.Log(10, "user-service", "roll out 7") with { Kind = EventKind.Change, Attributes = """{"kind":"deploy","change_id":"c7"}""" };

        pipeline.Process(Some.Batch(1, change), new BatchAnnotations(1));

        Assert.Equal(0, pipeline.Skipped.Late);
    }

    [Fact]
    public void AClockThatGoesBackMovesNothing()
    {
        var pipeline = New();
        pipeline.Tick(Some.At(10));

        pipeline.Tick(Some.At(5));

        Assert.Equal(Some.At(10), pipeline.TickNanos);
    }

    private static Entry Metric(double second, double value) => Some.Log(second, "user-service", "memory_utilization") with
    {
        Kind = EventKind.Metric,
        Attributes = string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"value":{{value}},"unit":"ratio"}"""),
    };

    private static Entry[] Traffic() =>
    [
        .. Enumerable.Range(0, 280).Select(i => i % 14 == 0 && i > 100
            ? Some.Error(i * 0.1, i % 28 == 0 ? "user-service" : "api-gateway", "DB connection refused")
            : Some.Log(i * 0.1, i % 3 == 0 ? "api-gateway" : "user-service", $"Request {i % 9} processed", i % 20 == 0 ? Severity.Warn : Severity.Info)),
    ];

    private static Pipeline New(PipelineOptions? options = null) => new(options ?? new PipelineOptions(), 42, new RootCauseRanker(RunbookLibrary.Empty));

    /// <summary>Plays entries and ticks in the order of their times.</summary>
    private static List<DerivedEvent> Run(
        Pipeline pipeline, Entry[] entries, int batchSize, IEnumerable<double> ticks, double? snapshotAt = null)
    {
        var output = new List<DerivedEvent>();
        long sequence = 1;
        var next = 0;
        foreach (var tick in ticks.Append(double.MaxValue))
        {
            while (next < entries.Length && (tick == double.MaxValue || entries[next].TimestampNanos < Some.At(tick)))
            {
                var size = 1;
                while (size < batchSize && next + size < entries.Length
                    && (tick == double.MaxValue || entries[next + size].TimestampNanos < Some.At(tick)))
                {
                    size++;
                }

                var batch = Some.Batch(sequence, entries.AsSpan(next, size));
                output.AddRange(pipeline.Process(batch, new BatchAnnotations(size)));
                sequence += size;
                next += size;
            }

            if (tick < double.MaxValue)
            {
                output.AddRange(pipeline.Tick(Some.At(tick)));
            }

            if (tick == snapshotAt)
            {
                var restored = New();
                Assert.True(restored.TryRestore(Pipeline.SnapshotVersion, pipeline.ToSnapshot()));
                pipeline = restored;
            }
        }

        return output;
    }

    private static List<string> Texts(IEnumerable<DerivedEvent> events) => [.. events.Select(e => Encoding.UTF8.GetString(e.Json.Span))];
}
