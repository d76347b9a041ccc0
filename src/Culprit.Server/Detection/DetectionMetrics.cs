using System.Diagnostics.Metrics;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Export;

namespace Culprit.Server.Detection;

/// <summary>What was logged and what the engine made of it. Fed once per journal entry, never per record.</summary>
internal sealed class DetectionMetrics : IMetricSource
{
    /// <summary>Services, over all environments, with series of their own; the rest share one per environment.</summary>
    internal const int MaxServices = 200;

    private static readonly string[] Levels =
        [.. new[] { Severity.Debug, Severity.Info, Severity.Warn, Severity.Error, Severity.Fatal }.Select(s => s.ToWire())];

    private readonly HashSet<(string Environment, string Service)> _services = [];

    // OpenTelemetry keeps 2,000 label sets of an instrument: room for those services, and for the rest of 64 environments.
    private readonly CountTable<(string Environment, string Service, string Level)> _records = new(
        1500,
        k => k with { Service = Labels.Other },
        k => [Labels.Of("environment", k.Environment), Labels.Of("service", k.Service), Labels.Of("level", k.Level)]);

    private readonly CountTable<(string Environment, string Type, string Detector)> _anomalies = new(
        500,
        k => (k.Environment, Labels.Other, Labels.Other),
        k => [Labels.Of("environment", k.Environment), Labels.Of("type", k.Type), Labels.Of("detector", k.Detector)]);

    private readonly CountTable<string> _summaries = new(500, _ => Labels.Other, k => [Labels.Of("environment", k)]);
    private readonly CountTable<(string Environment, string Severity)> _opened = ByIncident();
    private readonly CountTable<(string Environment, string Severity)> _resolved = ByIncident();
    private readonly CountTable<(string Environment, string Severity)> _open = ByIncident();
    private readonly ErrorShare _errors = new();

    /// <summary>Records on their way through the engine to its detectors. All are stored, whatever becomes of them here.</summary>
    public StageCounts Engine { get; } = new("engine", "source_filter", "late", "environment_limit", "failed");

    /// <summary>Anomalies on their way to incidents.</summary>
    public StageCounts Incidents { get; } = new("incidents", "joined", "reopened");

    /// <summary>New incidents on their way to a cause: their first explanation counts.</summary>
    public StageCounts RootCause { get; } = new("root_cause", "abstained");

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter("culprit.records", _records.Measure, "{record}", "Log records analysed, duplicates included");
        meter.CreateObservableGauge(
            "culprit.errors.ratio", _errors.Measure, "1", "Share of error and fatal records among those of the last minute");
        meter.CreateObservableCounter("culprit.summaries", _summaries.Measure, "{summary}", "Summaries published");
        meter.CreateObservableCounter("culprit.anomalies", _anomalies.Measure, "{anomaly}", "Anomalies published");
        meter.CreateObservableCounter("culprit.incidents.opened", _opened.Measure, "{incident}", "Incidents opened, by their first severity");
        meter.CreateObservableCounter("culprit.incidents.resolved", _resolved.Measure, "{incident}", "Incidents resolved, by their last severity");
        meter.CreateObservableGauge("culprit.incidents.open", _open.Measure, "{incident}", "Incidents that have not ended");
    }

    /// <summary>Counts what the pipeline's last call drew and skipped, and shows its open incidents.</summary>
    public void Count(Pipeline pipeline)
    {
        foreach (var (environment, digest) in pipeline.Digests)
        {
            Count(environment, digest);
        }

        _errors.Advance(pipeline.TickNanos / UnixNanos.PerSecond, pipeline.Digests);
        _open.Replace(pipeline.OpenIncidents.Select(i => (Labels.Clean(i.Environment), i.Severity.ToWire())));
    }

    /// <summary>Counts what became of a batch in the pipeline's last call. Records that are only tried again were counted before.</summary>
    public void Count(RecordBatch batch, Pipeline pipeline)
    {
        if (batch.IsRetry)
        {
            return;
        }

        Engine.In(batch.Count);
        Engine.Drop("source_filter", pipeline.Skipped.Filtered);
        Engine.Drop("late", pipeline.Skipped.Late);
        Engine.Drop("environment_limit", pipeline.Skipped.NoRoom);
        Engine.Drop("failed", pipeline.Skipped.PassedOver);
        Engine.Out(pipeline.Reached);
    }

    /// <summary>Counts events that are new to the store.</summary>
    public void Count(IReadOnlyList<DerivedEvent> events)
    {
        var began = events.Where(e => e.Type is EventTypes.IncidentOpened or EventTypes.IncidentReopened)
            .Select(e => e.CausationId).ToHashSet(StringComparer.Ordinal);
        foreach (var derived in events)
        {
            var environment = Labels.Clean(derived.Environment ?? "");
            switch (derived.Type)
            {
                case EventTypes.Summary:
                    _summaries.Add(environment, 1);
                    break;
                case EventTypes.Anomaly:
                    var anomaly = Read(derived, "anomaly_type", "detector");
                    _anomalies.Add((environment, anomaly[0], anomaly[1]), 1);
                    Incidents.In(1);
                    Incidents.Drop("joined", began.Contains(derived.Id) ? 0 : 1);
                    break;
                case EventTypes.IncidentOpened:
                    var opened = (environment, Read(derived, "severity")[0]);
                    _opened.Add(opened, 1);
                    Incidents.Out(1);
                    RootCause.In(1);
                    _resolved.Add(opened, 0); // A rate can only be seen from a zero.
                    break;
                case EventTypes.IncidentReopened:
                    Incidents.Drop("reopened");
                    break;
                case EventTypes.RootCause:
                    CountExplanation(derived);
                    break;
                case EventTypes.IncidentResolved:
                    _resolved.Add((environment, Read(derived, "severity")[0]), 1);
                    break;
                default:
                    break;
            }
        }
    }

    private static CountTable<(string Environment, string Severity)> ByIncident() => new(
        500, k => k with { Environment = Labels.Other }, k => [Labels.Of("environment", k.Environment), Labels.Of("severity", k.Severity)]);

    private void CountExplanation(DerivedEvent derived)
    {
        using var json = JsonDocument.Parse(derived.Json);
        if (json.RootElement.GetProperty("supersedes").ValueKind == JsonValueKind.Null)
        {
            var named = json.RootElement.GetProperty("abstained").GetBoolean() ? 0 : 1;
            RootCause.Drop("abstained", 1 - named);
            RootCause.Out(named);
        }
    }

    private void Count(string environment, ServiceDigest digest)
    {
        environment = Labels.Clean(environment);
        var service = Labels.Clean(digest.Service);
        if (!_services.Contains((environment, service)))
        {
            if (_services.Count < MaxServices)
            {
                _services.Add((environment, service));
            }
            else
            {
                service = Labels.Other;
            }
        }

        for (var level = 0; level < Levels.Length; level++)
        {
            if (digest.ByLevel[level] > 0)
            {
                _records.Add((environment, service, Levels[level]), digest.ByLevel[level]);
            }
        }
    }

    private static string[] Read(DerivedEvent derived, params ReadOnlySpan<string> names)
    {
        using var json = JsonDocument.Parse(derived.Json);
        var values = new string[names.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Labels.Clean(json.RootElement.GetProperty(names[i]).GetString()!);
        }

        return values;
    }
}
