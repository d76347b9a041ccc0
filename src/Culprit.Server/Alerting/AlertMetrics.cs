using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Culprit.Engine.Alerting;
using Culprit.Server.Health;

namespace Culprit.Server.Alerting;

/// <summary>Counts what became of alerts, and knows which sinks do not take any at the moment.</summary>
internal sealed class AlertMetrics : IHealthSource, IDisposable
{
    private readonly Meter _meter = new("Culprit");
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _givenUpBySink;
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);
    private long _delivered;
    private long _failed;
    private long _givenUp;

    public AlertMetrics()
    {
        _attempts = _meter.CreateCounter<long>("culprit.alerting.attempts", "{attempt}", "Tries to deliver an alert, by sink and outcome");
        _givenUpBySink = _meter.CreateCounter<long>("culprit.alerting.dead_letters", "{alert}", "Alerts that a sink will never get, by sink");
    }

    public string Name => "alerts";

    public long Delivered => Interlocked.Read(ref _delivered);

    public long Failed => Interlocked.Read(ref _failed);

    public long GivenUp => Interlocked.Read(ref _givenUp);

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

    public void Tried(string sink, DeliveryOutcome outcome)
    {
        if (outcome == DeliveryOutcome.Delivered)
        {
            Interlocked.Increment(ref _delivered);
            _failing.TryRemove(sink, out _);
        }
        else
        {
            Interlocked.Increment(ref _failed);
            _failing[sink] = true;
        }

        var word = outcome switch
        {
            DeliveryOutcome.Delivered => "delivered",
            DeliveryOutcome.Retryable => "retryable",
            DeliveryOutcome.Rejected => "rejected",
            _ => throw new System.Diagnostics.UnreachableException($"Unknown outcome {outcome}."),
        };
        _attempts.Add(1, new("sink", sink), new("outcome", word));
    }

    public void CountGivenUp(string sink)
    {
        Interlocked.Increment(ref _givenUp);
        _givenUpBySink.Add(1, new KeyValuePair<string, object?>("sink", sink));
    }

    public void Dispose() => _meter.Dispose();
}
