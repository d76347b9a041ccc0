using System.Diagnostics.Metrics;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>Which of two servers this one is, and how far it is with what it ships.</summary>
internal sealed class HighAvailabilityHealth(ServerRole role, PostgresDatabase database, SharedLog log, LogShipper shipper, LogAppender appender) : IHealthSource, IMetricSource
{
    private static readonly TimeSpan LongLag = TimeSpan.FromSeconds(30);

    public string Name => "high_availability";

    public HealthReport Check()
    {
        var reason = shipper.Failure is { } failure ? "events are on this disk only: " + failure
            : log.LogFill >= 0.95 ? "the shared log is full: the active server is behind"
            : shipper.Lag > LongLag ? "shipping is behind"
            : null;
        return new HealthReport(reason is null ? HealthState.Ok : HealthState.Degraded, reason, new Dictionary<string, object>
        {
            ["role"] = role.Word,
            ["active"] = role.Active,
            ["epoch"] = database.Epoch,
            ["unshipped"] = shipper.Waiting,
            ["shipping_lag_seconds"] = Math.Round(shipper.Lag.TotalSeconds, 1),
            ["shipped_sequence"] = log.ShippedSequence,
            ["followed_sequence"] = appender.FollowedSequence,
            ["log_last_sequence"] = log.LastSequence,
            ["log_bytes"] = log.Bytes,
            ["log_fill"] = Math.Round(log.LogFill, 4),
        });
    }

    public void Register(Meter meter)
    {
        meter.CreateObservableGauge("culprit.ha.active", () => role.IsActive ? 1 : 0, null, "1 on the server that runs the engine");
        meter.CreateObservableGauge("culprit.ha.epoch", () => database.Epoch, null, "Under which this server took over; 0 on the standby");
        meter.CreateObservableGauge("culprit.ha.unshipped", () => shipper.Waiting, "{entry}", "Journal sequences that are on this server's disk only");
        meter.CreateObservableGauge("culprit.ha.shipping_lag", () => shipper.Lag.TotalSeconds, "s", "Age of the oldest of them");
        meter.CreateObservableGauge(
            "culprit.ha.unfollowed", () => Math.Max(0, log.LastSequence - appender.FollowedSequence), "{entry}", "Sequences of the shared log in which resends are not known here yet");
        meter.CreateObservableGauge("culprit.ha.log_bytes", () => log.Bytes, "By", "Size of the shared log in the database, some seconds ago");
        meter.CreateObservableGauge("culprit.ha.log_fill_ratio", () => log.LogFill, "1", "Share of its room; nothing is shipped from 0.95");
    }
}
