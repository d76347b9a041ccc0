using System.Diagnostics.Metrics;

namespace Culprit.Server.Export.Datadog;

/// <summary>What was sent to Datadog, and what was lost on the way.</summary>
internal sealed class DatadogMetrics : IMetricSource
{
    private static readonly string[] Reasons = ["queue_full", "rejected", "too_old", "slow_reader"];

    private readonly CountTable<string> _dropped = new(Reasons.Length, _ => Labels.Other, k => [Labels.Of("reason", k)]);
    private long _sent;
    private long _failed;

    public DatadogMetrics()
    {
        foreach (var reason in Reasons)
        {
            _dropped.Add(reason, 0);
        }
    }

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter("culprit.datadog.sent", () => Interlocked.Read(ref _sent), "{request}", "Requests that Datadog took");
        meter.CreateObservableCounter(
            "culprit.datadog.failed", () => Interlocked.Read(ref _failed), "{attempt}", "Attempts that failed and are tried again");
        meter.CreateObservableCounter("culprit.datadog.dropped", _dropped.Measure, "{request}", "Requests and events given up by reason");
    }

    public void Sent() => Interlocked.Increment(ref _sent);

    public void Failed() => Interlocked.Increment(ref _failed);

    /// <param name="reason">A word of ours, never input.</param>
    public void Dropped(string reason, long count = 1) => _dropped.Add(reason, count);
}
