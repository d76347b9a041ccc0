using Culprit.Engine.Records;
using Culprit.Server.Health;
using Culprit.Server.Journal;

namespace Culprit.Server.Detection;

/// <summary>How far the engine is behind.</summary>
internal sealed class EngineHealth(EngineProgress progress, IJournal journal, TimeProvider clock) : IHealthSource
{
    private static readonly TimeSpan LongLag = TimeSpan.FromSeconds(30);

    private readonly DateTimeOffset _since = clock.GetUtcNow();

    public string Name => "engine";

    public HealthReport Check()
    {
        var tick = progress.TickNanos;

        // An engine that never came to a first tick is behind since the start.
        var lag = clock.GetUtcNow() - (tick == 0 ? _since : UnixNanos.ToTime(tick));
        var (state, reason) = progress.Obstacle is { } obstacle ? (HealthState.Degraded, "what was found cannot be stored: " + obstacle)
            : lag > LongLag ? (HealthState.Degraded, "detection is behind")
            : progress.FailedEntries > 0 ? (HealthState.Degraded, "entries failed; see the dead letters")
            : (HealthState.Ok, null);
        return new HealthReport(state, reason, new Dictionary<string, object>
        {
            ["sequence"] = progress.Sequence,
            ["sequences_behind"] = Math.Max(0, journal.LastSequence - progress.Sequence),
            ["lag_seconds"] = Math.Round(Math.Max(0, lag.TotalSeconds), 1),
            ["snapshot_sequence"] = progress.SnapshotSequence,
            ["can_store"] = progress.Obstacle is null,
            ["records"] = progress.Records,
            ["failed_entries"] = progress.FailedEntries,
        });
    }
}
