using System.Diagnostics.Metrics;
using Culprit.Engine.Records;
using Culprit.Server.Export;
using Culprit.Server.Journal;

namespace Culprit.Server.Detection;

/// <summary>How far the engine has come, and what it failed on.</summary>
internal sealed class EngineMetrics(EngineProgress progress, IJournal journal, TimeProvider clock) : IMetricSource
{
    public void Register(Meter meter)
    {
        meter.CreateObservableGauge("culprit.engine.lag", Lag, "s", "Age of the newest second that the engine has judged");
        meter.CreateObservableGauge(
            "culprit.engine.sequences_behind",
            () => Math.Max(0, journal.LastSequence - progress.Sequence),
            "{entry}",
            "Journal entries that wait for the engine");
        meter.CreateObservableCounter(
            "culprit.engine.failed", () => progress.FailedEntries, "{entry}", "Journal entries that the engine failed on; they are dead letters");
    }

    private double Lag()
    {
        var tick = progress.TickNanos;
        return tick == 0 ? 0 : Math.Max(0, (clock.GetUtcNow() - UnixNanos.ToTime(tick)).TotalSeconds);
    }
}
