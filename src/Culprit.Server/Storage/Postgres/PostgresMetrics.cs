using System.Diagnostics.Metrics;
using Culprit.Server.Export;

namespace Culprit.Server.Storage.Postgres;

/// <summary>What the database holds, and what still waits to be written to it.</summary>
internal sealed class PostgresMetrics(PostgresDatabase database, PostgresRecordStore records, PostgresRetention retention) : IMetricSource
{
    public void Register(Meter meter)
    {
        meter.CreateObservableGauge(
            "culprit.store.pending", () => records.PendingBytes, "By", "Records readable but not yet in the store; ingestion is refused from 192 MiB");
        meter.CreateObservableGauge("culprit.store.partitions", () => records.Partitions.Count, "{partition}", "Partitions of the records");
        meter.CreateObservableGauge("culprit.store.bytes", () => retention.Bytes, "By", "Size of the partitions with their indexes, a minute ago at most");
        meter.CreateObservableGauge(
            "culprit.store.reachable", () => database.Failure is null ? 1 : 0, null, "1 while the database answers");
    }
}
