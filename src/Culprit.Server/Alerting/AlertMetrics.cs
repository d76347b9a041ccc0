using System.Diagnostics.Metrics;
using Culprit.Engine.Alerting;
using Culprit.Server.Export;

namespace Culprit.Server.Alerting;

/// <summary>What became of alerts, by sink. Sinks come from the configuration, so they are few.</summary>
internal sealed class AlertMetrics : IMetricSource
{
    private const int MaxSinks = 100;

    private readonly CountTable<string> _delivered = New();
    private readonly CountTable<string> _failed = New();
    private readonly CountTable<string> _dead = New();

    public AlertMetrics(IEnumerable<IAlertSink> sinks)
    {
        // A rate can only be seen from a zero.
        foreach (var sink in sinks)
        {
            _delivered.Add(Labels.Clean(sink.Name), 0);
            _failed.Add(Labels.Clean(sink.Name), 0);
            _dead.Add(Labels.Clean(sink.Name), 0);
        }
    }

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter("culprit.alerts.delivered", _delivered.Measure, "{alert}", "Alerts that the sink took");
        meter.CreateObservableCounter("culprit.alerts.failed", _failed.Measure, "{attempt}", "Attempts that failed and are tried again");
        meter.CreateObservableCounter("culprit.alerts.dead", _dead.Measure, "{alert}", "Alerts that the sink refused for good; they are dead letters");
    }

    public void Delivered(string sink) => _delivered.Add(Labels.Clean(sink), 1);

    public void Failed(string sink) => _failed.Add(Labels.Clean(sink), 1);

    public void Dead(string sink) => _dead.Add(Labels.Clean(sink), 1);

    private static CountTable<string> New() => new(MaxSinks, _ => Labels.Other, k => [Labels.Of("sink", k)]);
}
