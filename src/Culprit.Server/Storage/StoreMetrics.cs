using System.Diagnostics.Metrics;
using Culprit.Server.Export;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>What the record store holds, and what still waits to be written to it.</summary>
internal sealed class StoreMetrics(EmbeddedRecordStore records) : IMetricSource
{
    public void Register(Meter meter)
    {
        meter.CreateObservableGauge(
            "culprit.store.pending", () => records.PendingBytes, "By", "Records readable but not yet in segments; ingestion is refused from 192 MiB");
        meter.CreateObservableGauge("culprit.store.segments", () => records.Segments.Count, "{segment}", "Readable segments");
        meter.CreateObservableGauge("culprit.store.bytes", () => records.Segments.Sum(s => s.Bytes), "By", "Size of the readable segments");
        meter.CreateObservableGauge("culprit.store.index", () => records.IndexBytes, "By", "Memory that the indexes of segments take; at most 64 MiB");
        meter.CreateObservableGauge("culprit.store.damaged", () => records.Problems.Count, "{segment}", "Segments that cannot be read");
    }
}
