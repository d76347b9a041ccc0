using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Traces;
using Culprit.Tests.Correlation;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed class DossierBuilderTests
{
    /// <summary>The detector names a window that began long before the fault, and lost sight of it a moment after it fired.</summary>
    [Fact]
    public void RequestsAreHeldAgainstHealthyOnesAsLongAsTheyGoWrong()
    {
        var traces = new SomeTraces().Requests(0, 60).Requests(60, 60, s => s == "stock" ? 4 : SomeTraces.Usual(s));

        var dossier = Build(start: 20, seen: 90, now: 300, traces.Book);

        var blamed = Assert.Single(dossier.Traces, f => f.Kind == TraceFindingKind.Blame && f.Score >= 1);
        Assert.EndsWith("in 60 of 60 requests, before in 0 of 60", blamed.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(150, 0.9)]
    [InlineData(280, 0.1)]      // long after the trouble was last seen
    public void AMetricThatMovesAfterTheTroubleTellsNothingOfIt(double at, double expected)
    {
        var metric = new MetricHistory { Service = "orders", Metric = "process_cpu_utilization" };
        for (var second = 0; second < 300; second += 10)
        {
            metric.Add(Some.At(second), second == at ? 0.9 : 0.1);
        }

        var dossier = Build(start: 100, seen: 160, now: 300, new TraceBook(), metric);

        Assert.Equal(expected, Assert.Single(dossier.Metrics).Value);
    }

    [Fact]
    public void WhatBelongsToAnotherIncidentIsLeftOut()
    {
        var traces = new SomeTraces().Requests(0, 60).Requests(60, 60, s => s == "stock" ? 4 : SomeTraces.Usual(s));
        var metric = new MetricHistory { Service = "stock", Metric = "process_cpu_utilization" };
        for (var second = 0; second < 120; second += 10)
        {
            metric.Add(Some.At(second), second == 110 ? 0.9 : 0.1);
        }

        var dossier = Build(["stock"], start: 60, seen: 120, now: 120, traces.Book, metric);

        Assert.DoesNotContain(dossier.Traces, f => f.Service == "stock");
        Assert.NotEmpty(dossier.Traces);
        Assert.Empty(dossier.Metrics);
        Assert.DoesNotContain(dossier.Services, s => s.Service == "stock");
        Assert.Contains(dossier.Services, s => s.Service == "web");
    }

    /// <summary>What is known at second <paramref name="now"/> of an incident that ended.</summary>
    private static Dossier Build(double start, double seen, double now, TraceBook traces, params MetricHistory[] metrics) =>
        Build([], start, seen, now, traces, metrics);

    private static Dossier Build(HashSet<string> elsewhere, double start, double seen, double now, TraceBook traces, params MetricHistory[] metrics)
    {
        var incident = SomeAnomalies.Incident(SomeAnomalies.Anomaly("web", AnomalyType.ErrorSpike, start)) with
        {
            DetectedAt = UnixNanos.ToTime(Some.At(seen)),
            LastSeenAt = UnixNanos.ToTime(Some.At(seen)),
        };
        var open = new OpenIncident { Incident = incident, IsPlain = false, StartNanos = Some.At(start) };
        foreach (var service in (string[])["web", "stock"])
        {
            open.Services.Add(service, new TrackedService { Service = service, BaselineErrorsPerMinute = 0, BaselineMinutes = 10 });
        }

        return DossierBuilder.Build(open, elsewhere, metrics, [], [], traces, SomeTraces.Patterns, incident.LastSeenAt, Some.At(now));
    }
}
