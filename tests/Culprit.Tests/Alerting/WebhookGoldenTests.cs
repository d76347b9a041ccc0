using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;
using Culprit.Tests.Rules;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

/// <summary>The event that a webhook gets, as the engine writes it, with the lines that are added on its way out; <c>CULPRIT_UPDATE_GOLDEN=1</c> rewrites the files.</summary>
public sealed class WebhookGoldenTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly DateTimeOffset Onset = new(2026, 5, 4, 10, 20, 30, TimeSpan.Zero);

    private static readonly Incident Open = new()
    {
        Id = "0123456789abcdef0123456789abcdef",
        Environment = "prod",
        State = IncidentState.Open,
        Severity = IncidentSeverity.High,
        StartedAt = Onset,
        DetectedAt = Onset.AddSeconds(10),
        LastSeenAt = Onset.AddSeconds(10),
        ErrorCount = 23,
        Services = ["payments", "checkout"],
        Type = AnomalyType.ErrorSpike,
        Anomalies =
        [
            new Anomaly
            {
                Id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                Type = AnomalyType.ErrorSpike,
                Detector = "error-threshold",
                Environment = "prod",
                Services = ["payments"],
                StartedAt = Onset,
                DetectedAt = Onset.AddSeconds(10),
                Window = TimeSpan.FromSeconds(60),
                ErrorCount = 23,
                Expected = "at most 2 errors in 60 s",
                Observed = "23 errors in 60 s",
                Evidence =
                [
                    new RecordRef(8, "r8", UnixNanos.From(Onset), "payments", Severity.Error, "connection to db:5432 refused", null),
                    new RecordRef(9, "r9", UnixNanos.From(Onset.AddSeconds(1)), "payments", Severity.Error, "payment 17 failed\n  at Pay.Do()", null),
                ],
            },
        ],
    };

    private static readonly RootCauseReport Report = new()
    {
        RootCause = "db stopped accepting connections at 10:20:30: payments reported \"connection to db:5432 refused\" first",
        Hypotheses = [new Hypothesis { Kind = CauseKind.Dependency, Service = "db", Confidence = 0.82, Score = 3, For = [], Against = [] }],
        RuledOut = [],
        RecommendedAction = "Check that db accepts connections.",
        Severity = IncidentSeverity.High,
        Confidence = 0.82,
        Abstained = false,
        Runbook = new RunbookQuote("db/connections.md", "Connections", "..."),
    };

    [Theory]
    [InlineData("firing")]
    [InlineData("updated")]
    [InlineData("resolved")]
    public async Task AnEventIsAsReviewed(string kind)
    {
        if (SourceTree.FindRoot() is not { } root)
        {
            Assert.Skip("the sources are not beside the tests");
            return;
        }

        var incident = kind == "resolved" ? Open with { State = IncidentState.Resolved, ResolvedAt = Onset.AddMinutes(11) } : Open;
        var alert = EventWriter.Alert(
            incident, kind == "resolved" ? null : Report, "alert." + kind, kind switch { "firing" => 0, "updated" => 1, _ => 2 }, Onset.AddSeconds(12), "cccccccccccccccccccccccccccccccc");
        var records = new MemoryRecordStore();
        records.AddAnnotated(1, Line(-18, Severity.Info, "payment 15 done in 41 ms"), Line(-2, Severity.Warn, "pool: 10 of 10 connections in use"));
        OutboxItem? sent = null;
        var clock = new FakeTimeProvider(Onset);
        var sink = new ScriptedSink("hook", clock, item =>
        {
            sent = item;
            return ScriptedSink.Delivered;
        });

        await new LinesBeforeSink(sink, records, clock, NullLogger<LinesBeforeSink>.Instance)
            .DeliverAsync(new OutboxItem(alert.Id, "hook", incident.Id, alert.Json, 0), TestContext.Current.CancellationToken);

        var shown = JsonSerializer.Serialize(SomeAlert.Parse(sent!.Json), Readable).ReplaceLineEndings("\n") + "\n";
        var file = Path.Combine(root, "tests", "Culprit.Tests", "Cases", "alerts", $"webhook-{kind}.json");
        if (Environment.GetEnvironmentVariable("CULPRIT_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, shown, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), shown);
    }

    private static Row Line(int seconds, Severity severity, string body) =>
        new(body, UnixNanos.From(Onset.AddSeconds(seconds))) { Service = "payments", Environment = "prod", Severity = severity };
}
