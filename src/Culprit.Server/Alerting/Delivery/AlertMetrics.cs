using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Culprit.Engine.Alerting;
using Culprit.Server.Export;
using Culprit.Server.Health;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Counts what became of alerts, and knows which sinks do not take any at the moment.</summary>
internal sealed class AlertMetrics : IHealthSource, IMetricSource
{
    private const int MaxSinks = 100;

    private readonly CountTable<string> _deliveredBySink = New();
    private readonly CountTable<string> _failedBySink = New();
    private readonly CountTable<string> _deadBySink = New();
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);

    // Tried and to be tried again: few, because a lane takes the oldest of an incident only.
    private readonly ConcurrentDictionary<(string Sink, string Alert), bool> _begun = new();
    private long _failed;

    public AlertMetrics(IEnumerable<IAlertSink> sinks)
    {
        // A rate can only be seen from a zero.
        foreach (var sink in sinks)
        {
            _deliveredBySink.Add(Labels.Clean(sink.Name), 0);
            _failedBySink.Add(Labels.Clean(sink.Name), 0);
            _deadBySink.Add(Labels.Clean(sink.Name), 0);
        }
    }

    public string Name => "alerts";

    /// <summary>Alerts that a sink has begun with, each once for each sink.</summary>
    public StageCounts Stage { get; } = new("alerts", "given_up");

    public long Delivered => Stage.Read().Out;

    public long Failed => Interlocked.Read(ref _failed);

    public long GivenUp => Stage.DroppedFor("given_up");

    public HealthReport Check()
    {
        var failing = string.Join(", ", _failing.Keys.Order(StringComparer.Ordinal));
        var (state, reason) = GivenUp > 0 ? (HealthState.Degraded, "alerts were given up; see the dead letters")
            : failing.Length > 0 ? (HealthState.Degraded, $"not delivered at the moment: {failing}")
            : (HealthState.Ok, null);
        return new HealthReport(state, reason, new Dictionary<string, object>
        {
            ["delivered"] = Delivered,
            ["failed_attempts"] = Failed,
            ["dead_letters"] = GivenUp,
            ["failing_sinks"] = failing,
        });
    }

    public void Tried(string sink, string alert, DeliveryOutcome outcome)
    {
        Begin(sink, alert);
        if (outcome == DeliveryOutcome.Delivered)
        {
            _begun.TryRemove((sink, alert), out _);
            Stage.Out(1);
            _deliveredBySink.Add(Labels.Clean(sink), 1);
            _failing.TryRemove(sink, out _);
        }
        else
        {
            Interlocked.Increment(ref _failed);
            _failedBySink.Add(Labels.Clean(sink), 1);
            _failing[sink] = true;
        }
    }

    public void CountGivenUp(string sink, string alert)
    {
        Begin(sink, alert); // Never tried when the configuration no longer has the sink.
        _begun.TryRemove((sink, alert), out _);
        Stage.Drop("given_up");
        _deadBySink.Add(Labels.Clean(sink), 1);
    }

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter("culprit.alerts.delivered", _deliveredBySink.Measure, "{alert}", "Alerts that the sink took");
        meter.CreateObservableCounter("culprit.alerts.failed", _failedBySink.Measure, "{attempt}", "Attempts that failed and are tried again");
        meter.CreateObservableCounter("culprit.alerts.dead", _deadBySink.Measure, "{alert}", "Alerts that the sink refused for good; they are dead letters");
    }

    private void Begin(string sink, string alert)
    {
        if (_begun.TryAdd((sink, alert), true))
        {
            Stage.In(1);
        }
    }

    private static CountTable<string> New() => new(MaxSinks, _ => Labels.Other, k => [Labels.Of("sink", k)]);
}
