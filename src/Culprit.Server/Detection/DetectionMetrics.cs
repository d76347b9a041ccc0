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
    private readonly CountTable<(string Environment, string Severity)> _opened = Incidents();
    private readonly CountTable<(string Environment, string Severity)> _resolved = Incidents();
    private readonly CountTable<(string Environment, string Severity)> _open = Incidents();
    private readonly ErrorShare _errors = new();
    private long _filtered;
    private long _late;
    private long _noRoom;

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
        meter.CreateObservableCounter(
            "culprit.engine.skipped",
            () => new[]
            {
                Labels.Measure(Interlocked.Read(ref _filtered), "reason", "source_filter"),
                Labels.Measure(Interlocked.Read(ref _late), "reason", "late"),
                Labels.Measure(Interlocked.Read(ref _noRoom), "reason", "environment_limit"),
            },
            "{record}",
            "Records stored but kept from the detectors by reason");
    }

    /// <summary>Counts what the pipeline's last call drew and skipped, and shows its open incidents.</summary>
    public void Count(Pipeline pipeline)
    {
        foreach (var (environment, digest) in pipeline.Digests)
        {
            Count(environment, digest);
        }

        _errors.Advance(pipeline.TickNanos / UnixNanos.PerSecond, pipeline.Digests);
        var skipped = pipeline.Skipped;
        Interlocked.Add(ref _filtered, skipped.Filtered);
        Interlocked.Add(ref _late, skipped.Late);
        Interlocked.Add(ref _noRoom, skipped.NoRoom);
        _open.Replace(pipeline.OpenIncidents.Select(i => (Labels.Clean(i.Environment), i.Severity.ToWire())));
    }

    /// <summary>Counts events that are new to the store.</summary>
    public void Count(IReadOnlyList<DerivedEvent> events)
    {
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
                    break;
                case EventTypes.IncidentOpened:
                    var opened = (environment, Read(derived, "severity")[0]);
                    _opened.Add(opened, 1);
                    _resolved.Add(opened, 0); // A rate can only be seen from a zero.
                    break;
                case EventTypes.IncidentResolved:
                    _resolved.Add((environment, Read(derived, "severity")[0]), 1);
                    break;
                default:
                    break;
            }
        }
    }

    private static CountTable<(string Environment, string Severity)> Incidents() => new(
        500, k => k with { Environment = Labels.Other }, k => [Labels.Of("environment", k.Environment), Labels.Of("severity", k.Severity)]);

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
